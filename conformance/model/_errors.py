"""Whose fault is it: one exception for each party, each with what to do next.

What a subject does wrong is never an exception that leaves the bench: `Ended` (it closed, reset or fell silent) and
`conformance.wire.DecodeError` (its octets) are recorded there and judged. The others end in a message and an exit code.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """The base, never raised itself: `exit` is the command's exit code, `fault` names the party."""

    exit = 4
    fault = "suite"

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(ConformanceError):
    """The command line, a configuration or a manifest says something that cannot be."""

    exit = 2
    fault = "usage"


class AdapterError(ConformanceError):
    """The adapter broke its side of the contract; `step` says where in its life."""

    fault = "adapter"

    def __init__(self, what: str, *, step: str = "", hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.step = step


class EnvironmentProblem(ConformanceError):
    """This machine cannot do what is asked: a full disk, a missing tool, a port in use."""

    fault = "environment"


class Unreachable(ConformanceError):
    """The target cannot be reached, or is not what it was said to be: the run is incomplete."""

    exit = 3
    fault = "subject"


class Ended(Exception):
    """The subject ended the exchange: `what` is closed, reset, timeout, tls-error or stream-error. Already recorded."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(f"{what}: {detail}" if detail else what)
        self.what = what
        self.detail = detail


class Absent(Exception):
    """A precondition of the case is legally missing; the case is not applicable."""
