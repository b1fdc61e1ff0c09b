"""The server's side of HTTP/1.1: requests are read by h11 and handled in order, answers leave as octets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import h11

from conformance.model import Change
from conformance.net._connection import CONTENT_LIMIT, HEAD_LIMIT
from conformance.net._leaving import FULL, Barrier
from conformance.net._request import Request
from conformance.net._server import Server, ServerConnection, ServerExchange
from conformance.net._server_tunnel import ServerTunnel, asks_for_tunnel
from conformance.net._stream import Stream
from conformance.net._tunnel import DATA, Seen
from conformance.net._tunnel1 import Stream1
from conformance.wire import Built, DecodeError
from conformance.wire.http import combined, head_spans, part_of, response


class RequestReader:
    """Reads one request. No I/O."""

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        self._fed: list[bytes] = []
        self._total = 0
        self._content: list[bytes] = []
        self._length = 0
        self.head: h11.Request | None = None
        self.rest = b""
        self.status = 400
        self.reusable = True

    @property
    def waits_for_100(self) -> bool:
        """Whether the client holds its content back until we say 100 (RFC 9110, Section 10.1.1)."""
        return self.head is not None and self._h11.they_are_waiting_for_100_continue

    def feed(self, data: bytes) -> h11.EndOfMessage | None:
        """Take octets; the end of the request when it is whole, what is left over being in `rest`.

        DecodeError for what is none: `status` is the fitting answer.
        """
        self._fed.append(data)
        self._total += len(data)
        try:
            self._h11.receive_data(data)
            while True:
                event = self._h11.next_event()
                match event:
                    case h11.Request():
                        self.head = event
                    case h11.Data():
                        self._content.append(bytes(event.data))
                        self._length += len(event.data)
                        if self._length > CONTENT_LIMIT:
                            self.status = 413
                            raise DecodeError("content", self._total, f"more than {CONTENT_LIMIT} octets")
                    case h11.EndOfMessage():
                        self.rest = self._h11.trailing_data[0]
                        self.reusable = self._h11.their_state is h11.DONE
                        return event
                    case h11.ConnectionClosed():
                        raise DecodeError("request", self._total, "the stream ended")
                    case _:
                        return None
        except h11.RemoteProtocolError as why:
            self.status = why.error_status_hint
            raise DecodeError("request", self._total, str(why)) from why

    def request(self, end: h11.EndOfMessage, stream: Stream) -> Request:
        """The whole request."""
        assert self.head is not None
        octets = b"".join(self._fed)
        octets = octets[: len(octets) - len(self.rest)] if self.rest else octets
        spans, content_at = head_spans(octets, request=True)
        fields = tuple(self.head.headers.raw_items())
        target = bytes(self.head.target)
        scheme = b"https" if stream.tls else b"http"
        authority = combined(fields, b"host") or b""
        given, found, rest = target.partition(b"://")
        if found and given.lower() in {b"http", b"https"}:  # the absolute form (RFC 9112, Section 3.2.2)
            scheme, authority = given.lower(), rest.partition(b"/")[0].partition(b"?")[0]
        elif self.head.method == b"CONNECT":
            authority = target
        return Request(
            1, bytes(self.head.method), scheme, authority, target, fields, b"".join(self._content),
            tuple(end.headers.raw_items()), octets, tuple(spans), content_at, stream.peer,
            combined(fields, b"upgrade") or b"",
        )  # fmt: skip


class ServerHTTP1(ServerConnection):
    """A connection that speaks HTTP/1.1."""

    version = 1
    stream: Stream

    def __init__(self, server: Server, stream: Stream) -> None:
        super().__init__(server, stream)
        self._rest: bytes | None = None
        self._reader = RequestReader()
        self._requests: deque[ServerExchange] = deque()
        self._busy = False
        self._last = False
        self._continued = False

    def data_received(self, data: bytes) -> None:
        """Read requests."""
        if self._rest is not None:  # whose octets these are is decided with the tunnel's answer
            self._rest += data
            return
        while data and not self._last:
            reader = self._reader
            try:
                end = reader.feed(data)
            except DecodeError:
                self._refuse(reader.status)
                return
            if end is None:
                if reader.waits_for_100 and not self._continued:
                    self._continued = True
                    self.stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            data = reader.rest
            request = reader.request(end, self.stream)
            self._requests.append(ServerExchange(self, request))
            if self.server.tunnels is not None and asks_for_tunnel(1, request.method, request.fields):
                self._rest = data
                self._next()
                return
            self._last = not reader.reusable
            self._reader, self._continued = RequestReader(), False
            self._next()

    def _next(self) -> None:
        if self._busy:
            return
        if self._requests:
            self._busy = True
            exchange = self._requests.popleft()
            if self._rest is not None and not self._requests:
                self.server.handle_tunnel(ServerTunnel1(self, exchange))
            else:
                self.server.handle(exchange)
        elif self._last or self.stream.ended:
            self.stream.close()

    def _refuse(self, status: int) -> None:
        self.server.broken += 1
        self._last = True
        if not self._busy and not self._requests:
            self.stream.write(response(status, [(b"Connection", b"close")], self.server.refusal).encode())
        self._next()

    def stream_ended(self, *_: str) -> None:
        """Finish what is under way."""
        self._next()

    def decided(self, tunnel: ServerTunnel1, *, accepted: bool) -> None:
        """A tunnel was answered: what came behind its request is the tunnel's, or the next request."""
        rest, self._rest = self._rest or b"", None
        if accepted:
            self.stream.consumer = tunnel
            if rest:
                tunnel.data_received(rest)
            if self.stream.ended:
                tunnel.stream_ended(self.stream.ended, self.stream.detail)
            return
        self._reader, self._continued, self._busy = RequestReader(), False, False
        self.data_received(rest)
        self._next()

    # Of the exchange nothing is needed here: one at a time is under way.

    async def answer(self, _: ServerExchange, built: Built, barrier: Barrier | None) -> None:
        """Send the octets."""
        await self.stream.send(built.octets, built.leaving, barrier=barrier)
        said = part_of(built, "fields") or b""
        if b"onnection:" in said and b"close" in said.lower():
            self._last = True
        self._busy = False

    async def inform(self, _: ServerExchange, built: Built) -> None:
        """Send the octets."""
        await self.stream.send(built.octets, built.leaving)

    async def raw(self, _: ServerExchange, octets: bytes, leaving: Iterable[Change]) -> None:
        """Send the octets."""
        await self.stream.send(octets, leaving)

    async def close(self) -> None:
        """End the connection when what was written has left."""
        await self.stream.finish(FULL)

    async def reset(self, _: ServerExchange, code: int) -> None:  # noqa: ARG002 - a reset of TCP has no code
        """Reset the connection."""
        self.stream.reset()

    def finish(self, _: ServerExchange) -> None:
        """Go on with the next request, if this one was answered."""
        self._next()


class ServerTunnel1(Stream1, ServerTunnel):
    """A connection that a client asks to upgrade."""

    def __init__(self, connection: ServerHTTP1, exchange: ServerExchange) -> None:
        super().__init__(connection.stream, None, "tunnel")
        self.request = exchange.request
        self.state = connection.state
        self._connection = connection

    async def answer(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send the octets; any status but 101 refuses, but for CONNECT, which 2xx accepts."""
        status = part_of(built, "status") or b""
        connect = self.request.method == b"CONNECT" and status[:1] == b"2"
        self.switched = status == b"101" or connect
        self.answered = True
        await self.stream.send(built.octets, built.leaving, barrier=barrier)
        if not self.switched and self.request.method == b"CONNECT":
            # What follows may have been meant for the tunnel (RFC 9931, Section 8).
            await self.stream.finish(FULL)
        self._connection.decided(self, accepted=self.switched)

    async def inform(self, built: Built) -> None:
        """Send the octets."""
        await self.stream.send(built.octets, built.leaving)

    def data_received(self, data: bytes) -> None:
        """Take octets."""
        self.tell(Seen(DATA, data))
