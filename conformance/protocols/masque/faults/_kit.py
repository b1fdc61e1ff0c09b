"""How faults of proxies and clients are declared: of a proxy, of its tunnels, or of its connections over HTTP/3."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from conformance.bench import fault
from conformance.protocols.masque.peers import Proxy, Relay

T = TypeVar("T", bound=type)


def proxy_fault(*breaks: str, **how: Any) -> Callable[[T], T]:
    """Declare a fault of a proxy, or of one step of its tunnels: then of a proxy whose tunnels have it."""

    def register(made: T) -> T:
        within = (Proxy, "relay") if issubclass(made, Relay) else None
        return fault("masque.proxy", *breaks, within=within, **how)(made)

    return register


client_fault = partial(fault, "masque.client")
"""Declare a fault of a client."""

connection_fault = partial(fault, "masque.proxy", within=(Proxy, "connections"), where={"http": (3,), "asked": (3,)})
"""Declare a fault of a proxy's connections over HTTP/3."""
