"""How an exchange ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

SCOPES = ("stream", "session", "subject")
"""What can live on after an outcome: a tunnel; a connection or retained state; the subject at all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A name, and where it matters the code that came with it.

    `survives` is what must live on after it, `citation` the requirement that makes it legal (or that its not living on
    breaks). Two outcomes are equal by name and code; `allows` lets an outcome without a code stand for all codes.
    """

    name: str
    code: str = ""
    survives: str = field(default="subject", compare=False)
    citation: str = field(default="", compare=False)

    def at(self, code: str) -> Outcome:
        """The same outcome, narrowed to one code."""
        return replace(self, code=code)

    def per(self, requirement: str) -> Outcome:
        """The same outcome with the requirement that allows it."""
        return replace(self, citation=requirement)

    def allows(self, seen: Outcome) -> bool:
        """Whether `seen` is this outcome: the same name, and the same code where this one has a code."""
        return self.name == seen.name and self.code in {"", seen.code}

    def __str__(self) -> str:
        """Name and code for people."""
        return f"{self.name} ({self.code})" if self.code else self.name


ACCEPTED = Outcome("accepted")
ANYWAY = Outcome("accepted-anyway")
WRONG = Outcome("wrong-answer")
UNSUPPORTED = Outcome("unsupported")
ABSENT = Outcome("absent")

CLOSED = Outcome("closed")
RESET = Outcome("reset")
TIMEOUT = Outcome("timeout")
TLS_ERROR = Outcome("tls-error")
STREAM_ERROR = Outcome("stream-error", survives="session")
CRASH = Outcome("crash")
UNDECODABLE = Outcome("undecodable")
NOTHING = Outcome("nothing")
ADAPTER = Outcome("adapter-error")
ERROR = Outcome("suite-error")

UNANSWERED = (CLOSED, RESET, TIMEOUT, TLS_ERROR, STREAM_ERROR, NOTHING)
"""The subject did not answer: whether that is its fault is known only after health."""

ENDINGS = (ERROR, ADAPTER, ABSENT, CRASH, TIMEOUT, RESET, CLOSED, TLS_ERROR, STREAM_ERROR, UNDECODABLE)
"""The events that end an exchange without protocol knowledge, the weightiest first."""
