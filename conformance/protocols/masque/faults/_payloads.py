"""Faults of proxies in what passes through a tunnel (RFC 9298, Sections 3.1, 4, 5 and 6)."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from conformance.bench import faults_of
from conformance.protocols.masque.faults._kit import proxy_fault
from conformance.protocols.masque.messages import Payload, capsule_datagram, udp_payload
from conformance.protocols.masque.peers import Proxy, Relay
from conformance.wire import DecodeError

WHOLE, RELAYED = "rfc9298/5/udp-payload-unmodified", "rfc9298/3/udp-relayed-both-ways"
EMPTY = "rfc9298/5/empty-udp-payload-relayed"
SOURCE = ("rfc9298/3.1/received-packet-source-checked", "rfc9298/3.1/foreign-source-packets-discarded")
LARGE = ("rfc9298/6.1/oversize-reply-dropped-with-icmp", "rfc9298/6.1/oversize-reply-not-in-capsule")
CONTEXTLESS = "rfc9297/2.1/empty-datagram-payload-accepted"


@proxy_fault("rfc9298/5/unknown-context-id-dropped", "rfc9298/4/context-id-zero-udp-payload",
             "rfc9297/3.5/oversize-capsule-discarded-unbuffered", origin="gost")  # fmt: skip
class ForwardsEveryContext(Relay):
    """What is in a context that nobody opened goes to the target as if it were a UDP payload."""

    def is_udp(self, payload: Payload) -> bool:
        """Every context."""
        del payload
        return True


@proxy_fault(CONTEXTLESS)
class ForwardsWithoutContext(Relay):
    """A datagram without a whole context ID goes to the target as it is."""

    def unreadable(self, why: DecodeError) -> None:
        """Forward something."""
        super().unreadable(why)
        self.to_target(b"")


@proxy_fault(CONTEXTLESS, where={"http": (3,)})
class DatagramWithoutContextEndsTheConnection(Relay):
    """A datagram without a whole context ID ends the connection."""

    def unreadable(self, why: DecodeError) -> None:
        """End all."""
        super().unreadable(why)
        session: Any = self.tunnel
        session.session.close_with(0x33, "no context")


@proxy_fault(WHOLE, RELAYED, "rfc9298/5/payload-beyond-link-limit-discarded")
class BufferOfAThousand(Relay):
    """What goes to the target is cut at 1000 octets."""

    def to_target(self, octets: bytes) -> None:
        """Send what fits."""
        super().to_target(octets[:1000])


@proxy_fault(WHOLE, RELAYED, *LARGE, origin="h2o master; masque-go before #107")
class BufferOf1500(Relay):
    """What comes from the target is cut at 1500 octets."""

    def from_target(self, octets: bytes, source: Any) -> None:
        """Take what fits."""
        super().from_target(octets[:1500], source)


@proxy_fault(EMPTY, WHOLE, RELAYED)
class EmptyPayloadsVanish(Relay):
    """A UDP payload of no octets is not sent."""

    def to_target(self, octets: bytes) -> None:
        """Send what there is."""
        if octets:
            super().to_target(octets)


@proxy_fault(RELAYED, *LARGE, *SOURCE, WHOLE, "rfc9298/3.1/socket-open-while-stream-open")
class OneReplyForEachPayload(Relay):
    """From the target as many packets are taken as were sent there."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.owed = 0

    def to_target(self, octets: bytes) -> None:
        """Count it."""
        self.owed += 1
        super().to_target(octets)

    def from_target(self, octets: bytes, source: Any) -> None:
        """Take it if one is owed."""
        if self.owed:
            self.owed -= 1
            super().from_target(octets, source)


@proxy_fault(*SOURCE, "rfc9298/3.1/port-unreachable-closes-stream")
class TakesPacketsFromAnyone(Relay):
    """The socket is not connected, and nobody looks at where packets come from."""

    address: Any = None

    def bind(self, sock: socket.socket, address: Any) -> None:
        """Remember where to."""
        self.address = address
        sock.bind(("", 0))

    def send(self, sock: socket.socket, octets: bytes) -> None:
        """Send it there."""
        sock.sendto(octets, self.address)


@proxy_fault(*LARGE, where={"http": (3,)}, origin="masque-go #81")
class LargeReplyEndsTheTunnel(Relay):
    """A packet of the target's that fits in no datagram ends the tunnel."""

    async def too_large(self, octets: bytes) -> None:
        """End it."""
        del octets
        await self.tunnel.reset(0x102)


@proxy_fault(*LARGE, where={"http": (3,)})
class LargeReplyInACapsule(Relay):
    """A packet of the target's that fits in no datagram goes in a capsule."""

    async def too_large(self, octets: bytes) -> None:
        """Send it on the stream."""
        await self.tunnel.send(capsule_datagram(udp_payload(octets)).build())


@proxy_fault("rfc9298/5/payload-beyond-link-limit-discarded", origin="masque-go")
class LargePayloadEndsTheTunnel(Relay):
    """A payload that the system does not send ends the tunnel."""

    def unsendable(self, why: OSError) -> None:
        """End it."""
        raise DecodeError("payload", 0, str(why))


@proxy_fault("rfc9298/3.1/port-unreachable-closes-stream", origin="Envoy 1.40.0")
class KeepsASocketOfNoUse(Relay):
    """That nobody listens at the target's port changes nothing."""

    def socket_failed(self, exc: Exception) -> None:
        """Look away."""


@proxy_fault("rfc9298/3.1/socket-open-while-stream-open")
class SocketForEachPayload(Relay):
    """Every payload leaves from a socket of its own."""

    def send(self, sock: socket.socket, octets: bytes) -> None:
        """Send it from another port."""
        other = socket.socket(sock.family, socket.SOCK_DGRAM)
        other.setblocking(False)
        other.connect(sock.getpeername())
        other.send(octets)
        loop = asyncio.get_running_loop()

        def readable() -> None:
            try:
                self.from_target(other.recv(1 << 16), None)
            except OSError as why:
                self.socket_failed(why)

        loop.add_reader(other, readable)
        self.others = [*getattr(self, "others", ()), other]

    def close(self) -> None:
        """Close all."""
        super().close()
        for other in getattr(self, "others", ()):
            asyncio.get_running_loop().remove_reader(other)
            other.close()


@proxy_fault("rfc9298/6.2/packets-to-target-not-ect")
class PacketsAreECNCapable(Proxy):
    """Packets to the target are marked ECT(1)."""

    def prepare(self, sock: socket.socket, family: int) -> None:
        """Mark them."""
        super().prepare(sock, family)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 1)


@proxy_fault(
    "masque-http-layer/9220-3/clean-end-fin-abrupt-reset",
    "masque-http-layer/9113-5.1/end-stream-is-half-close",
    where={"http": (2, 3)},
)
class CleanEndIsAnError(Relay):
    """When the client ends its side cleanly, the stream is reset with an internal error."""

    async def ended(self) -> bool:
        """End it abortively."""
        self.cut()
        await self.tunnel.reset({2: 0x2, 3: 0x102}[self.tunnel.version])
        return False


FAULTS = faults_of(__name__)
