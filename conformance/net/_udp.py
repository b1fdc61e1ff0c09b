"""UDP endpoints: what came is kept with its source, what is sent leaves from the source that is asked for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from conformance.model import Ended
from conformance.net._recorder import Nobody, Recorder
from conformance.net._stream import settle, silence

Address = tuple[str, int]
KEPT = 10_000
"""Datagrams that an endpoint keeps; later ones are counted only."""


@dataclass(frozen=True, slots=True)
class UDPDatagram:
    """A UDP payload, where it came from, and when in the loop's time; `tos` are the octet's ECN and DSCP, if known."""

    octets: bytes
    source: Address
    at: float
    tos: int | None = None


class UDPEndpoint:
    """A UDP socket. `received` is all that came, in order; `handler` is called for each, and may answer at once."""

    def __init__(
        self,
        sock: socket.socket,
        handler: Callable[[UDPEndpoint, UDPDatagram], None] | None = None,
        recorder: Recorder | None = None,
        name: str = "udp",
        where: str = "",
    ) -> None:
        self.sock = sock
        self.handler = handler
        self.recorder: Recorder = recorder or Nobody()
        self.name = name
        self.where = where
        self.received: list[UDPDatagram] = []
        self.count = 0
        self.refused = 0
        self._loop = asyncio.get_running_loop()
        self._at = 0
        self._waiters: list[asyncio.Future[bool]] = []
        self._loop.add_reader(sock, self._readable)

    @classmethod
    def open(
        cls,
        host: str = "127.0.0.1",
        port: int = 0,
        handler: Callable[[UDPEndpoint, UDPDatagram], None] | None = None,
        *,
        recorder: Recorder | None = None,
        name: str = "udp",
        where: str = "",
    ) -> UDPEndpoint:
        """Bind a socket of that address's family; OSError where it cannot be."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
            if family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
            sock.bind((host, port))
        except BaseException:
            sock.close()
            raise
        return cls(sock, handler, recorder, name, where)

    @property
    def address(self) -> Address:
        """Where it is bound."""
        host, port = self.sock.getsockname()[:2]
        return str(host), int(port)

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return self.address[1]

    def _readable(self) -> None:
        for _ in range(64):  # others wait too
            try:
                octets, more, _, source = self.sock.recvmsg(1 << 16, 64)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # an ICMP error about what was sent before
                self.refused += 1
                continue
            except OSError:
                return
            tos = next((data[0] for level, kind, data in more if (level, kind) in _TOS and data), None)
            self._took(UDPDatagram(octets, (str(source[0]), int(source[1])), self._loop.time(), tos))

    def _took(self, datagram: UDPDatagram) -> None:
        self.count += 1
        if len(self.received) < KEPT:
            self.received.append(datagram)
        self.recorder.saw("udp", self.name, where=self.where, octets=datagram.octets, source=list(datagram.source))
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            settle(waiter, True)
        if self.handler is not None:
            self.handler(self, datagram)

    def send(self, octets: bytes, to: Address) -> bool:
        """Send a UDP payload; False where the system refuses it, as one that is too large."""
        try:
            self.sock.sendto(octets, to)
        except OSError:
            return False
        return True

    async def next(self, patience: float = 5.0) -> UDPDatagram:
        """The next datagram that was not given yet; Ended (timeout, recorded) where none comes in time."""
        until = self._loop.time() + patience
        while self._at >= len(self.received):
            waiter: asyncio.Future[bool] = self._loop.create_future()
            self._waiters.append(waiter)
            timer = self._loop.call_at(until, settle, waiter, False)
            try:
                moved = await waiter
            finally:
                timer.cancel()
            if not moved and self._at >= len(self.received):
                detail = silence(patience, drips=False)
                self.recorder.saw("timeout", self.name, where=self.where, detail=detail)
                raise Ended("timeout", detail)
        self._at += 1
        return self.received[self._at - 1]

    def close(self) -> None:
        """Close the socket."""
        if self.sock.fileno() >= 0:
            self._loop.remove_reader(self.sock)
            self.sock.close()


_TOS = cast(
    "frozenset[tuple[int, int]]",
    frozenset({(socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)}),
)
