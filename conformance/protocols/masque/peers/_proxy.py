"""The reference proxy (RFC 9298): every step a method, so that a fault replaces one of them.

    settings → request → check → target → socket → answer → payloads both ways → end

It listens on one port for HTTP/1.1, HTTP/2 and HTTP/3, with a certificate of its own, which is in `certificate`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from conformance.bench import Peer, RoleOffer, Served
from conformance.model import Ended
from conformance.net import (
    Certificate,
    HTTP3Settings,
    Request,
    Server,
    ServerExchange,
    ServerTunnel,
    serve,
)
from conformance.net._server1 import ServerHTTP1
from conformance.net._server2 import ServerHTTP2
from conformance.net._server3 import ServerHTTP3
from conformance.net._session3 import Broken
from conformance.net._tunnel import Seen
from conformance.protocols.masque.messages import (
    CAPSULE_PROTOCOL,
    TOKEN,
    WELL_KNOWN,
    CapsuleStream,
    Payload,
    TargetRefused,
    capsule_datagram,
    decode_payload_untrusted,
    decode_target_untrusted,
    quic_datagram,
    template_of,
    udp_payload,
    variables_of,
)
from conformance.wire import DecodeError, Message
from conformance.wire.http import FieldLines, control_stream, response, switched, values

MALFORMED = {2: 0x1, 3: 0x10E}
"""How a stream with a malformed message is reset (RFC 9113, Section 8.1.1; RFC 9114, Section 4.1.2)."""
DATAGRAM_ERROR, ID_ERROR = 0x33, 0x108
MTU_DISCOVER, PMTUDISC_DO = 10, 2
"""IP_MTU_DISCOVER and IP_PMTUDISC_DO of Linux, which the socket module does not name."""
CONTENT_FIELDS = (b"content-length", b"content-type", b"transfer-encoding")
"""Fields that no message with capsules has (RFC 9297, Section 3.2)."""


class ProxyHTTP3(ServerHTTP3):
    """A connection over HTTP/3: what is wrong with datagrams ends requests, or the connection (RFC 9297, Section 2)."""

    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Take an HTTP datagram."""
        if stream_id in self._coming:
            self.without_datagrams(stream_id)
        elif stream_id // 4 >= self.link.quic._local_max_streams_bidi.value:  # noqa: SLF001 - aioquic does not tell
            self.beyond_the_limit(stream_id)
        else:
            super().took_datagram(stream_id, payload, octets)

    def without_datagrams(self, stream_id: int) -> None:
        """End a request that has no datagrams (Section 2)."""
        self._coming.pop(stream_id)
        self.over(stream_id)
        self.link.reset_stream(stream_id, DATAGRAM_ERROR)

    def beyond_the_limit(self, stream_id: int) -> None:
        """End the connection over a stream that cannot be (Section 2.1)."""
        raise Broken(ID_ERROR, f"no stream {stream_id} can be opened")


class UDPSocket(asyncio.DatagramProtocol):
    """A connected socket: the system checks where packets come from, and tells when none can go there."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take a payload of the target's."""
        self.relay.from_target(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Note that the system reports an error."""
        self.relay.socket_failed(exc)


class Relay:
    """One tunnel at work: payloads between a stream and a socket."""

    def __init__(self, proxy: Proxy, tunnel: ServerTunnel) -> None:
        self.proxy = proxy
        self.tunnel = tunnel
        self.capsules = CapsuleStream()
        self.transport: asyncio.DatagramTransport | None = None
        self.sock: socket.socket | None = None
        self.replies: asyncio.Queue[bytes] = asyncio.Queue()
        self.over = False

    async def open(self, host: str, port: int) -> None:
        """Resolve the name and make the socket; TargetRefused where either cannot be (RFC 9298, Section 3.1)."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (socket.gaierror, UnicodeError) as why:
            raise TargetRefused(502, "the name cannot be resolved", "dns_error") from why
        family, _, _, _, address = found[0]
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            self.proxy.prepare(sock, family)
            self.bind(sock, address)
        except OSError as why:
            sock.close()
            raise TargetRefused(502, "the target cannot be reached", "destination_ip_unroutable") from why
        made, _ = await loop.create_datagram_endpoint(lambda: UDPSocket(self), sock=sock)
        self.transport, self.sock = made, sock

    def bind(self, sock: socket.socket, address: Any) -> None:
        """Connect the socket, so that only the target's packets come (RFC 9298, Section 3.1)."""
        sock.connect(address)

    def close(self) -> None:
        """Close the socket."""
        self.over = True
        self.sock = None
        if self.transport is not None:
            self.transport.close()

    # To the target

    async def run(self) -> None:
        """Take what comes on the tunnel until it ends."""
        answering = asyncio.get_running_loop().create_task(self.answers())
        try:
            while not self.over:
                seen = await self.tunnel.next(self.proxy.idle)
                if not await self.took(seen):
                    break
        except Ended:
            pass
        finally:
            answering.cancel()
            self.close()

    async def took(self, seen: Seen) -> bool:
        """Take one thing; whether the tunnel goes on."""
        try:
            match seen.what:
                case "data":
                    for payload in self.capsules.feed(seen.octets):
                        self.took_payload(payload, by_capsule=True)
                case "datagram":
                    self.took_payload(seen.octets, by_capsule=False)
                case "end":
                    return await self.ended()
        except DecodeError as why:
            await self.abort(why)
            return False
        return seen.what != "stop"

    async def ended(self) -> bool:
        """The client ended its side: so do we; whether the tunnel goes on."""
        self.cut()
        await self.tunnel.finish()
        return False

    def cut(self) -> None:
        """The stream is over: DecodeError within a capsule (RFC 9297, Section 3.3)."""
        self.capsules.end()

    def took_payload(self, octets: bytes, *, by_capsule: bool) -> None:
        """Take the payload of an HTTP datagram: one in context 0 goes to the target, others are dropped."""
        del by_capsule
        try:
            payload = decode_payload_untrusted(octets)
        except DecodeError as why:
            self.unreadable(why)
            return
        if self.is_udp(payload):
            self.to_target(payload.octets)

    def is_udp(self, payload: Payload) -> bool:
        """Whether it is in a context that is known: there is but one (RFC 9298, Section 4)."""
        return payload.context == 0

    def unreadable(self, why: DecodeError) -> None:
        """Drop an HTTP datagram without a context; end the stream over one that is too large (Section 5)."""
        if why.path.endswith("udp"):
            raise why

    def to_target(self, octets: bytes) -> None:
        """Send a UDP payload; one that is too large for the link is dropped."""
        if self.sock is not None:
            with contextlib.suppress(BlockingIOError):
                try:
                    self.send(self.sock, octets)  # asyncio's transport would send no empty packet
                except OSError as why:
                    self.unsendable(why)

    def send(self, sock: socket.socket, octets: bytes) -> None:
        """Send a packet."""
        sock.send(octets)

    def unsendable(self, why: OSError) -> None:
        """Drop a packet that the system does not send; one error is of a packet before (RFC 9298, Section 3.1)."""
        self.socket_failed(why)

    async def abort(self, why: DecodeError) -> None:
        """End the stream over capsules that are malformed (RFC 9297, Section 3.3)."""
        del why
        await self.tunnel.reset(MALFORMED.get(self.tunnel.version))

    # From the target

    def from_target(self, octets: bytes, source: Any) -> None:
        """Take a payload of the target's."""
        del source
        self.replies.put_nowait(octets)

    def socket_failed(self, exc: Exception) -> None:
        """End the tunnel: the socket is of no use (RFC 9298, Section 3.1)."""
        if isinstance(exc, ConnectionRefusedError) and not self.over:
            self.over = True
            self.proxy.spawn(self.tunnel.finish())
            self.tunnel.dropped()

    async def answers(self) -> None:
        """Send what comes from the target, in order."""
        while True:
            octets = await self.replies.get()
            with contextlib.suppress(Ended):
                await self.to_client(octets)

    async def to_client(self, octets: bytes) -> None:
        """Send a payload in a datagram, or in a capsule where there are no datagrams (RFC 9297, Section 2.2)."""
        payload = udp_payload(octets)
        if self.by_datagram():
            built = self.proxy.bench.point("datagram", quic_datagram(self.tunnel.quarter, payload))
            if self.fits(len(built.octets)) and await self.tunnel.datagram(built):
                return
            await self.too_large(octets)
        else:
            await self.tunnel.send(self.proxy.bench.point("datagram", capsule_datagram(payload)))

    async def too_large(self, octets: bytes) -> None:
        """Drop a payload that fits in no datagram (RFC 9298, Section 6.1)."""

    def by_datagram(self) -> bool:
        """Whether the client takes QUIC datagrams."""
        return self.tunnel.has_datagrams

    def fits(self, size: int) -> bool:
        """Whether a datagram of that size may be sent to the client (RFC 9221, Section 3)."""
        session: Any = getattr(self.tunnel, "session", None)
        limit = session.link.peer_max_datagram_frame_size or 0
        return size + (3 if size >= 64 else 2) <= limit


class Proxy(Peer):
    """A proxy for UDP."""

    role: ClassVar[str] = "masque.proxy"
    offers: ClassVar[RoleOffer] = RoleOffer((), {"http": (1, 2, 3), "asked": (1, 2, 3)})
    connections: ClassVar[type[ServerHTTP3]] = ProxyHTTP3
    connections1: ClassVar[type[ServerHTTP1]] = ServerHTTP1
    connections2: ClassVar[type[ServerHTTP2]] = ServerHTTP2
    relay: ClassVar[type[Relay]] = Relay
    idle = 150.0
    """Seconds that a silent tunnel is kept: not less than two minutes (RFC 9298, Section 3.1)."""

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self.server: Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> Served:
        """Listen on loopback."""
        certificate = own_certificate()
        self.server = await serve(
            self.plain,
            host=str(self.options.get("listen", "127.0.0.1")),
            port=int(self.options.get("port", 0)),
            tls=certificate,
            versions=(1, 2, 3),
            tunnels=self.tunnel,
            settings=self.http3_settings(),
            settings2=self.http2_settings(),
            http1=self.connections1,
            http2=self.connections2,
            http3=self.connections,
            patience=30.0,
        )
        self.template = template_of(self.server.url + WELL_KNOWN)
        return Served(
            f"{self.server.url}/", {"certificate": certificate.chain.decode(), "template": self.template.text}
        )

    async def stop(self) -> None:
        """Stop serving."""
        for task in list(self._tasks):
            task.cancel()
        if self.server is not None:
            await self.server.close()

    def spawn(self, work: Any) -> None:
        """Run something beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Settings

    def pairs(self) -> Sequence[tuple[int, int]]:
        """What we say at first in HTTP/3 (RFC 9220, Section 3; RFC 9297, Section 2.1.1)."""
        return ((0x8, 1), (0x33, 1))

    def http3_settings(self) -> HTTP3Settings:
        """The settings of HTTP/3."""
        pairs = tuple(self.pairs())
        built = self.bench.point("settings", control_stream(pairs))
        return HTTP3Settings(pairs, built.octets)

    def http2_settings(self) -> Mapping[int, int]:
        """The settings of HTTP/2 (RFC 8441, Section 3)."""
        return {0x8: 1}

    def prepare(self, sock: socket.socket, family: int) -> None:
        """Let packets not be fragmented (RFC 9298, Section 3.1)."""
        if family == socket.AF_INET and sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, MTU_DISCOVER, PMTUDISC_DO)

    # Requests

    async def plain(self, exchange: ServerExchange) -> None:
        """Answer a request that asks for no tunnel."""
        asked = exchange.request
        status = 400 if self.is_for_tunnels(asked.target) else 404
        await exchange.answer(response(status, self.refusal_fields(""), b"", version=asked.version).build())

    def is_for_tunnels(self, target: bytes) -> bool:
        """Whether the path is one of tunnels."""
        return target.startswith(b"/.well-known/masque/")

    async def tunnel(self, tunnel: ServerTunnel) -> None:
        """Serve one tunnel."""
        relay = self.relay(self, tunnel)
        try:
            if self.malformed(tunnel):
                await self.refuse_malformed(tunnel)
                return
            self.check(tunnel)
            host, port = self.target(tunnel)
            await relay.open(host, port)
        except TargetRefused as why:
            await self.refuse(tunnel, why)
            return
        try:
            await self.accept(tunnel)
        except BaseException:
            relay.close()
            raise
        await relay.run()

    def malformed(self, tunnel: ServerTunnel) -> str:
        """Why the request is malformed, if it is (RFC 9297, Section 3.2; RFC 9298, Sections 3.2 and 3.4)."""
        asked = tunnel.request
        for name in self.content_fields():
            if values(asked.fields, name):
                return f"{name.decode()} where capsules follow"
        if tunnel.version == 1:
            if asked.method != b"GET" and asked.protocol:
                return "an upgrade of another method than GET"
            if len(values(asked.fields, b"host")) != 1:
                return "not one Host"
            if not self.may_switch(asked):
                return "an upgrade in HTTP/1.0"
        return ""

    def may_switch(self, asked: Request) -> bool:
        """Whether the request's version has upgrades (RFC 9110, Section 7.8)."""
        return b"HTTP/1.0" not in asked.octets.partition(b"\r\n")[0]

    def content_fields(self) -> Sequence[bytes]:
        """Fields that may not be there."""
        return CONTENT_FIELDS

    async def refuse_malformed(self, tunnel: ServerTunnel) -> None:
        """Refuse a malformed request: in HTTP/1.1 with 400, else by a stream error."""
        if tunnel.version == 1:
            await self.refuse(tunnel, TargetRefused(400, "malformed"))
        else:
            tunnel.answered = True
            await tunnel.reset(MALFORMED[tunnel.version])
            tunnel.dropped()

    def check(self, tunnel: ServerTunnel) -> None:
        """Whether it asks for what we do; TargetRefused (RFC 9220, Section 3)."""
        if TOKEN not in {token.strip().lower() for token in tunnel.request.protocol.split(b",")}:
            raise TargetRefused(501 if tunnel.version > 1 else 400, "no protocol that we have")

    def target(self, tunnel: ServerTunnel) -> tuple[str, int]:
        """Where the tunnel is to lead; TargetRefused."""
        path = tunnel.request.target
        if b"://" in path:
            path = b"/" + path.split(b"://", 1)[1].partition(b"/")[2]
        return self.decoded(*variables_of(self.template, path))

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Host and port of the variables."""
        return decode_target_untrusted(host, port)

    async def accept(self, tunnel: ServerTunnel) -> None:
        """Answer that the tunnel is there."""
        await tunnel.answer(self.bench.point("answer", self.success(tunnel)))

    def success(self, tunnel: ServerTunnel) -> Message:
        """The answer that lets the stream go on."""
        return switched(TOKEN, self.success_fields(), version=tunnel.version)

    def success_fields(self) -> FieldLines:
        """The fields of that answer (RFC 9297, Section 3.4)."""
        return ((CAPSULE_PROTOCOL, b"?1"),)

    async def refuse(self, tunnel: ServerTunnel, why: TargetRefused) -> None:
        """Answer that there is no tunnel."""
        fields = self.refusal_fields(why.error)
        await tunnel.answer(self.bench.point("answer", response(why.status, fields, b"", version=tunnel.version)))

    def refusal_fields(self, error: str) -> FieldLines:
        """The fields of a refusal: what went wrong (RFC 9209)."""
        return ((b"proxy-status", b"reference; error=" + error.encode()),) if error else ()


_OWN: list[Certificate] = []


def own_certificate() -> Certificate:
    """One certificate for all peers of this process: making it takes longer than a tunnel."""
    if not _OWN:
        _OWN.append(Certificate.self_signed())
    return _OWN[0]
