"""How a fault is declared: a class with a docstring, what it breaks, and where it was seen."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from conformance.bench._protocol import Fault

T = TypeVar("T", bound=type)
_DECLARED: dict[str, list[Fault]] = {}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def fault(
    role: str | Sequence[str],
    *breaks: str,
    shows: tuple[str, ...] = ("violation", "leak"),
    where: Mapping[str, Any] | None = None,
    origin: str = "",
    within: tuple[type, str] | None = None,
) -> Callable[[T], T]:
    """Declare a class as a fault of a role, or of each of several; `breaks` are requirement ids or globs.

    The class is a peer, an object of a library or client role, or, with `within`, a part of one: the peer's class and
    the attribute under which it has the part. ValueError where there is no docstring, which is what reports say of it.
    """
    roles = (role,) if isinstance(role, str) else tuple(role)

    def register(made: T) -> T:
        doc = inspect.getdoc(made) or ""
        for one in roles:
            called = made.__name__ + ("" if one == roles[0] else f"In{one.rpartition('.')[2].title()}")
            name = _WORDS.sub("-", called).lower()
            if not doc:
                msg = f"the fault {name} needs a docstring"
                raise ValueError(msg)
            make: type = made
            if within is not None:
                peer, part = within
                make = type(called, (peer,), {"__doc__": doc, "__module__": made.__module__, part: made})
            _DECLARED.setdefault(made.__module__, []).append(
                Fault(name, one, doc, breaks, make, shows, where or {}, origin)
            )
        return made

    return register


def faults_of(module: str) -> tuple[Fault, ...]:
    """The faults that a module declared, in its order."""
    return tuple(_DECLARED.get(module, ()))
