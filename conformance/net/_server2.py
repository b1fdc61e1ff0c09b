"""The server's side of HTTP/2: requests are handled side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset, TrailersReceived

from conformance.net._connection import CONTENT_LIMIT
from conformance.net._leaving import Barrier, Leaving
from conformance.net._server import Request, Server, ServerConnection, ServerExchange
from conformance.net._session2 import Session, pairs
from conformance.net._stream import Stream
from conformance.wire import Built
from conformance.wire.http import FieldLines, combined, lines_of, malformed, malformed_length, rendered


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

    def __init__(self, server: Server, stream: Stream) -> None:
        ServerConnection.__init__(self, server, stream)
        self._coming: dict[int, _Coming] = {}
        Session.__init__(self, stream, client=False)

    def take(self, event: Event) -> None:
        """Take an event of the machine."""
        stream_id: int = getattr(event, "stream_id", None) or 0
        if isinstance(event, RequestReceived):
            fields = pairs(event.headers)
            self._coming[stream_id] = _Coming(fields)
            if malformed(fields, request=True):
                self._refuse(stream_id)
            return
        if isinstance(event, DataReceived):
            self.took(event.flow_controlled_length or 0, stream_id)
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
                    self.server.handle(ServerExchange(self, self._request(coming), stream_id))

    def _refuse(self, stream_id: int) -> None:
        """A malformed request is an error of its stream (RFC 9113, Section 8.1.1)."""
        self.server.broken += 1
        self._coming.pop(stream_id, None)
        self.reset_stream(stream_id, 0x1)

    def _request(self, coming: _Coming) -> Request:
        content = b"".join(coming.content)
        octets, spans = rendered(coming.fields, content, coming.trailers)
        at = next(s.start for s in spans if s.path == "content")
        pseudo = {n: v for n, v in coming.fields if n.startswith(b":")}
        fields = tuple((n, v) for n, v in coming.fields if not n.startswith(b":"))
        authority = pseudo.get(b":authority") or combined(fields, b"host") or b""
        return Request(
            version=2,
            method=pseudo[b":method"],
            scheme=pseudo.get(b":scheme", b""),
            authority=authority,
            target=pseudo.get(b":path", b""),
            fields=fields,
            content=content,
            trailers=coming.trailers,
            octets=octets,
            spans=spans,
            content_at=at,
            peer=self.stream.peer,
        )

    def broken(self, reason: str) -> None:  # noqa: ARG002 - only counted
        """What came is no HTTP/2; the machine has said GOAWAY."""
        self.server.broken += 1
        self.stream.close()

    def stream_ended(self, *_: str) -> None:
        """Nothing more can be answered."""
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
