"""Tunnels from the server's side: a request that asks for one is handled as soon as its head is there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable

from conformance.net._leaving import Barrier
from conformance.net._request import Request
from conformance.net._tunnel import Tunnel
from conformance.wire import Built
from conformance.wire.http import FieldLines, combined


class ServerTunnel(Tunnel):
    """A tunnel that a client asked for with `request`.

    `answer` decides: 101 in HTTP/1.1 and 2xx in later versions let it live on, any other status refuses it and ends our
    direction (HTTP/1.1 goes on with the next request). `state` is the connection's own.
    """

    request: Request
    state: dict[str, object]

    @abstractmethod
    async def answer(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send a final response."""

    @abstractmethod
    async def inform(self, built: Built) -> None:
        """Send an interim response."""


TunnelHandler = Callable[[ServerTunnel], Awaitable[None]]
"""May return at any time: a tunnel that was answered lives on, one that was not is left waiting."""


def asks_for_tunnel(version: int, method: bytes, fields: FieldLines) -> bool:
    """Whether a request asks that its stream live on: CONNECT, or in HTTP/1.1 an upgrade (RFC 9110, Section 7.8)."""
    if method == b"CONNECT":
        return True
    if version != 1 or combined(fields, b"upgrade") is None:
        return False
    options = (combined(fields, b"connection") or b"").lower().split(b",")
    return b"upgrade" in {option.strip(b" \t") for option in options}
