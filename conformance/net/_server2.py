"""The server's side of HTTP/2: requests are handled side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import ProtocolError

from conformance.model import Change
from conformance.net._connection import CONTENT_LIMIT
from conformance.net._leaving import Barrier, Leaving
from conformance.net._request import request_of
from conformance.net._server import Server, ServerConnection, ServerExchange
from conformance.net._server_tunnel import ServerTunnel, asks_for_tunnel
from conformance.net._session2 import Session, pairs
from conformance.net._stream import Stream
from conformance.net._tunnel2 import Tunnel2
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, lines_of, malformed, malformed_length, part_of


@dataclass(slots=True)
class _Coming:
    """A request as far as it has come."""

    fields: FieldLines
    content: list[bytes] = field(default_factory=list)
    length: int = 0
    trailers: FieldLines = ()


class ServerHTTP2(ServerConnection, Session):
    """A connection that speaks HTTP/2."""

    version = 2
    stream: Stream

    def __init__(self, server: Server, stream: Stream) -> None:
        ServerConnection.__init__(self, server, stream)
        self._coming: dict[int, _Coming] = {}
        self._tunnels: dict[int, ServerTunnel2] = {}
        Session.__init__(self, stream, client=False, settings=server.settings2)

    def take(self, event: Event) -> None:
        """Take an event of the machine."""
        stream_id: int = getattr(event, "stream_id", None) or 0
        if isinstance(event, RequestReceived):
            fields = pairs(event.headers)
            self._coming[stream_id] = _Coming(fields)
            if malformed(fields, request=True):
                self._refuse(stream_id)
            elif self.server.tunnels is not None and asks_for_tunnel(2, dict(fields)[b":method"], fields):
                del self._coming[stream_id]
                asked = self._tunnels[stream_id] = ServerTunnel2(self, fields, stream_id)
                self.server.handle_tunnel(asked)
            return
        if isinstance(event, DataReceived):
            self.took(event.flow_controlled_length or 0, stream_id)
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.take(event)
            return
        coming = self._coming.get(stream_id)
        if isinstance(event, StreamReset):
            self._coming.pop(stream_id, None)
            self.forget(stream_id)
        elif coming is not None:
            self._more(coming, event, stream_id)

    def _more(self, coming: _Coming, event: Event, stream_id: int) -> None:
        match event:
            case DataReceived():
                coming.content.append(bytes(event.data or b""))
                coming.length += len(event.data or b"")
                if coming.length > CONTENT_LIMIT:
                    self._refuse(stream_id)
            case TrailersReceived():
                coming.trailers = pairs(event.headers)
            case StreamEnded():
                if malformed_length(coming.fields, coming.length):
                    self._refuse(stream_id)
                else:
                    del self._coming[stream_id]
                    content = b"".join(coming.content)
                    asked = request_of(2, coming.fields, content, coming.trailers, self.stream.peer)
                    self.server.handle(ServerExchange(self, asked, stream_id))

    def _refuse(self, stream_id: int) -> None:
        """A malformed request is an error of its stream (RFC 9113, Section 8.1.1)."""
        self.server.broken += 1
        self._coming.pop(stream_id, None)
        self.reset_stream(stream_id, 0x1)

    def broken(self, reason: str) -> None:
        """What came is no HTTP/2; the machine has said GOAWAY."""
        self.server.broken += 1
        for tunnel in self._tunnels.values():
            tunnel.undecodable(DecodeError("connection", 0, reason))
        self.stream.close()

    def stream_ended(self, what: str, detail: str) -> None:
        """Nothing more can be answered."""
        for tunnel in self._tunnels.values():
            tunnel.end(what, detail)
        self.stream.close()

    async def answer(self, exchange: ServerExchange, built: Built, barrier: Barrier | None) -> None:
        """Send it on the exchange's stream."""
        how = Leaving.of(built.leaving, len(built.octets))
        await self.send_message(exchange.stream_id, lines_of(built), how, barrier=barrier)

    async def inform(self, exchange: ServerExchange, built: Built) -> None:
        """Send an interim head."""
        if not self.stream.ended:
            self.machine.send_headers(exchange.stream_id, lines_of(built).fields)
            self.flush()

    async def raw(self, _: ServerExchange, octets: bytes, leaving: Iterable[Change]) -> None:
        """Send octets between frames."""
        await self.stream.send(octets, leaving)

    async def reset(self, exchange: ServerExchange, code: int) -> None:
        """Reset the stream."""
        self.reset_stream(exchange.stream_id, code)

    async def close(self) -> None:
        """Say GOAWAY and close."""
        if not self.stream.ended and not self.stream.closing:
            self.machine.close_connection()
            self.flush()
        await self.stream.finish("full")

    def finish(self, _: ServerExchange) -> None:
        """Nothing waits for it."""


class ServerTunnel2(Tunnel2, ServerTunnel):
    """A stream that a client asks to live on."""

    def __init__(self, connection: ServerHTTP2, fields: FieldLines, stream_id: int) -> None:
        super().__init__(connection, None, "tunnel", stream_id)
        self.request = request_of(2, fields, b"", (), connection.stream.peer)
        self.state = connection.state

    async def answer(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send it; any status but 2xx refuses."""
        self.answered = True
        how = Leaving.of(built.leaving, len(built.octets))
        accepted = (part_of(built, "status") or b"")[:1] == b"2"
        alone = replace(how, end="")  # what ends our direction ends the stream's, not the connection's
        await self.session.send_message(self.stream_id, lines_of(built), alone, barrier=barrier, end=not accepted)
        if not accepted:
            self.finished()
        if how.end:
            await self.leave(built, how)

    async def inform(self, built: Built) -> None:
        """Send an interim head."""
        with contextlib.suppress(ProtocolError):  # the stream is gone
            self.session.machine.send_headers(self.stream_id, lines_of(built).fields)
        self.session.flush()
