"""How a fault is declared: a class with a docstring, what it breaks, and where it was seen."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from conformance.bench import Fault
from conformance.protocols.masque.peers import Proxy, ProxyHTTP3, Relay

T = TypeVar("T", bound=type)
_DECLARED: dict[str, list[Fault]] = {}


def fault(
    role: str,
    *breaks: str,
    shows: tuple[str, ...] = ("violation", "leak"),
    where: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Callable[[T], T]:
    """Declare a peer (or an object of a client role) as a fault. `breaks` are requirement ids or globs."""

    def register(made: T) -> T:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", made.__name__).lower()
        doc = inspect.getdoc(made) or ""
        if not doc:
            msg = f"the fault {name} needs a docstring"
            raise ValueError(msg)
        make: Any = made
        if issubclass(made, Relay):  # a step of one tunnel: a proxy whose tunnels have it
            make = type(made.__name__, (Proxy,), {"__doc__": doc, "__module__": made.__module__, "relay": made})
        _DECLARED.setdefault(made.__module__, []).append(
            Fault(name, role, doc, breaks, make, shows, where or {}, origin)
        )
        return made

    return register


def proxy_fault(
    *breaks: str,
    shows: tuple[str, ...] = ("violation", "leak"),
    where: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Callable[[T], T]:
    """Declare a fault of a proxy, or of its tunnels."""
    return fault("masque.proxy", *breaks, shows=shows, where=where, origin=origin)


def client_fault(
    *breaks: str,
    shows: tuple[str, ...] = ("violation", "leak"),
    where: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Callable[[T], T]:
    """Declare a fault of a client."""
    return fault("masque.client", *breaks, shows=shows, where=where, origin=origin)


def connection_fault(
    *breaks: str, shows: tuple[str, ...] = ("violation", "leak"), origin: str = ""
) -> Callable[[type[ProxyHTTP3]], type[ProxyHTTP3]]:
    """Declare a fault of a proxy's connections over HTTP/3."""

    def register(made: type[ProxyHTTP3]) -> type[ProxyHTTP3]:
        make = type(
            made.__name__, (Proxy,), {"__doc__": made.__doc__, "__module__": made.__module__, "connections": made}
        )
        proxy_fault(*breaks, shows=shows, where={"http": (3,), "asked": (3,)}, origin=origin)(make)
        return made

    return register


def faults_of(module: str) -> tuple[Fault, ...]:
    """The faults that a module declared, in its order."""
    return tuple(_DECLARED.get(module, ()))
