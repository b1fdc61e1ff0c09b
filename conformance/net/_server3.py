"""The server's side of HTTP/3: a listener for QUIC, and requests that are handled side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from aioquic.asyncio.server import QuicServer
from aioquic.quic.connection import QuicConnection

from conformance.model import Change
from conformance.net._certificate import Certificate
from conformance.net._connection import CONTENT_LIMIT
from conformance.net._leaving import Barrier, Leaving
from conformance.net._quic import QUIC
from conformance.net._request import request_of
from conformance.net._server import Server, ServerConnection, ServerExchange
from conformance.net._server_tunnel import ServerTunnel, asks_for_tunnel
from conformance.net._session3 import INCOMPLETE, MESSAGE_ERROR, Session3, code_name
from conformance.net._settings3 import HTTP3Settings
from conformance.net._tunnel3 import Tunnel3
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, lines_of, malformed, malformed_length, part_of


@dataclass(slots=True)
class _Coming:
    """A request as far as it has come."""

    fields: FieldLines
    content: list[bytes] = field(default_factory=list)
    length: int = 0
    trailers: FieldLines = ()


class ServerHTTP3(ServerConnection, Session3):
    """A connection that speaks HTTP/3."""

    version = 3
    stream: QUIC

    def __init__(self, server: Server, link: QUIC, settings: HTTP3Settings) -> None:
        ServerConnection.__init__(self, server, link)
        self._coming: dict[int, _Coming] = {}
        self._tunnels: dict[int, ServerTunnel3] = {}
        Session3.__init__(self, link, settings, client=False)
        link.consumed_by(self)

    # What comes

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Take a head or trailers."""
        if stream_id in self._tunnels:
            self._malformed(stream_id)
        elif (coming := self._coming.get(stream_id)) is not None:
            coming.trailers = fields
        elif malformed(fields, request=True):
            self._malformed(stream_id)
        elif self.server.tunnels is not None and asks_for_tunnel(3, dict(fields)[b":method"], fields):
            self.as_tunnel(stream_id)
            tunnel = self._tunnels[stream_id] = ServerTunnel3(self, fields, stream_id)
            self.server.handle_tunnel(tunnel)
        else:
            self._coming[stream_id] = _Coming(fields)

    def took_data(self, stream_id: int, octets: bytes) -> None:
        """Take content."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_data(octets)
        elif (coming := self._coming.get(stream_id)) is not None:
            coming.content.append(octets)
            coming.length += len(octets)
            if coming.length > CONTENT_LIMIT:
                self._malformed(stream_id)

    def took_end(self, stream_id: int) -> None:
        """Take the end of a request."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_end()
            return
        coming = self._coming.pop(stream_id, None)
        if coming is None:  # RFC 9114, Section 4.1.2
            self.server.broken += 1
            self.link.reset_stream(stream_id, INCOMPLETE)
            return
        if malformed_length(coming.fields, coming.length):
            self._malformed(stream_id)
            return
        asked = request_of(3, coming.fields, b"".join(coming.content), coming.trailers, self.link.peer)
        self.server.handle(ServerExchange(self, asked, stream_id))

    def _malformed(self, stream_id: int) -> None:
        """A malformed request is an error of its stream (RFC 9114, Section 4.1.2)."""
        self.server.broken += 1
        self._coming.pop(stream_id, None)
        if (tunnel := self._tunnels.pop(stream_id, None)) is not None:
            tunnel.undecodable(DecodeError("request", 0, "malformed"))
        self.over(stream_id)
        self.link.reset_stream(stream_id, MESSAGE_ERROR)

    def took_reset(self, stream_id: int, code: int) -> None:
        """Take a RESET_STREAM."""
        self._coming.pop(stream_id, None)
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_reset(code)

    def took_stop(self, stream_id: int, code: int) -> None:
        """Take a STOP_SENDING."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_stop(code)

    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Give it to its tunnel; one for a stream that is not there is dropped (RFC 9297, Section 2.1)."""
        del octets
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_datagram(payload)

    def took_frame(self, stream_id: int, kind: int, octets: bytes) -> None:
        """Note it at a tunnel."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.recorder.saw("frame", tunnel.name, where=tunnel.where, octets=octets, type=kind)

    def broke(self, code: int, reason: str) -> None:
        """Count it."""
        self.quic_broken(f"{code_name(code)}: {reason}")

    def quic_broken(self, reason: str) -> None:
        """Count it."""
        self.server.broken += 1
        for tunnel in self._tunnels.values():
            tunnel.undecodable(DecodeError("connection", 0, reason))

    def quic_ended(self, what: str, detail: str, code: str) -> None:
        """Tell those who wait."""
        for tunnel in self._tunnels.values():
            tunnel.end(what, detail, code)

    # What is sent

    async def answer(self, exchange: ServerExchange, built: Built, barrier: Barrier | None) -> None:
        """Send it on the exchange's stream."""
        how = Leaving.of(built.leaving, len(built.octets))
        await self.send_message(exchange.stream_id, lines_of(built), how, barrier=barrier)
        self.link.transmit()

    async def inform(self, exchange: ServerExchange, built: Built) -> None:
        """Send an interim head."""
        self.write_fields(exchange.stream_id, lines_of(built).fields)
        self.link.transmit()

    async def raw(self, exchange: ServerExchange, octets: bytes, leaving: Iterable[Change]) -> None:
        """Send octets on the exchange's stream, unframed."""
        how = Leaving.of(leaving, len(octets))
        await self.raw_octets(exchange.stream_id, octets, how)
        await self.finish_as(exchange.stream_id, how.end)

    async def reset(self, exchange: ServerExchange, code: int) -> None:
        """Reset the stream."""
        self.link.reset_stream(exchange.stream_id, code)

    async def close(self) -> None:
        """Say H3_NO_ERROR and close."""
        self.link.close()

    def finish(self, _: ServerExchange) -> None:
        """Nothing waits for it."""


class ServerTunnel3(Tunnel3, ServerTunnel):
    """A stream that a client asks to live on."""

    def __init__(self, connection: ServerHTTP3, fields: FieldLines, stream_id: int) -> None:
        super().__init__(connection, None, "tunnel", stream_id)
        self.request = request_of(3, fields, b"", (), connection.link.peer)
        self.state = connection.state

    async def answer(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send it; any status but 2xx refuses."""
        self.answered = True
        how = Leaving.of(built.leaving, len(built.octets))
        end = (part_of(built, "status") or b"")[:1] != b"2"
        await self.session.send_message(self.stream_id, lines_of(built), how, barrier=barrier, end=end)
        self.session.link.transmit()
        if end:
            self.finished()

    async def inform(self, built: Built) -> None:
        """Send an interim head."""
        self.session.write_fields(self.stream_id, lines_of(built).fields)
        self.session.link.transmit()


class QUICListener(QuicServer):
    """Listens for QUIC; its connections are those of `server`."""

    def __init__(self, server: Server, certificate: Certificate, settings: HTTP3Settings) -> None:
        configuration = settings.quic.configuration(client=False)
        certificate.configure(configuration)
        self._server = server
        self._settings = settings
        self.links: set[QUIC] = set()
        self.host = ""
        self.port = 0
        super().__init__(configuration=configuration, create_protocol=self._link)

    def _link(self, quic: QuicConnection, **_: Any) -> QUIC:
        link = QUIC(quic, self._server.patience, code_name)
        link.opened = self._opened
        link.left = self.links.discard
        self.links.add(link)
        return link

    def _opened(self, link: QUIC) -> None:
        self._server.connections += 1
        (self._server.http3 or ServerHTTP3)(self._server, link, self._settings)

    def stop(self) -> None:
        """End all connections, and listen no more."""
        for link in list(self.links):
            link.close()
        for link in {cast("QUIC", p) for p in self._protocols.values()}:
            link.drop()
        self._protocols.clear()
        if self._transport is not None:
            self._transport.abort()


async def listen(
    server: Server, host: str, port: int, certificate: Certificate, settings: HTTP3Settings | None
) -> QUICListener:
    """Listen for QUIC at a UDP port (0: any)."""
    loop = asyncio.get_running_loop()
    transport, listener = await loop.create_datagram_endpoint(
        lambda: QUICListener(server, certificate, settings or HTTP3Settings()), local_addr=(host, port)
    )
    listener.host, listener.port = transport.get_extra_info("sockname")[:2]
    return listener
