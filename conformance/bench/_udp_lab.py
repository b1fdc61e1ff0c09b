"""The lab's UDP targets: what a subject sends there is recorded at the part that expects it, and answered as told."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conformance.model import EnvironmentProblem, UsageError
from conformance.net import Recorder, UDPDatagram, UDPEndpoint

if TYPE_CHECKING:
    from conformance.bench._bench import Bench

__all__ = ["UDP_BEHAVIOURS", "UDPAnswer", "UDPLab", "UDPTarget"]

UDP_BEHAVIOURS = ("echo", "mute", "wrong-source")


@dataclass(frozen=True, slots=True)
class UDPAnswer:
    """What a target does with a payload.

    `echo` gives back the payload, or `octets` in place of it, `times` times and after `delay` seconds; `wrong-source`
    does so from another socket of the same address, `mute` does nothing. `size` pads the answer, or cuts it, to as many
    octets: more than 65507 leave in no IPv4 packet.
    """

    behaviour: str = "echo"
    octets: bytes | None = None
    times: int = 1
    delay: float = 0.0
    size: int | None = None

    def __post_init__(self) -> None:
        if self.behaviour not in UDP_BEHAVIOURS:
            msg = f"behaviour is one of {', '.join(UDP_BEHAVIOURS)}, not {self.behaviour}"
            raise ValueError(msg)

    def to(self, asked: bytes) -> bytes:
        """The answer's octets."""
        octets = asked if self.octets is None else self.octets
        return octets if self.size is None else octets[: self.size].ljust(self.size, b"\xa5")


class UDPTarget:
    """One target at work: an endpoint that answers in one way.

    All that comes is in `endpoint.received` and at the recorder, as `udp` with `where` "target". `unsent` counts
    answers that the system refused, `others` payloads that came to the socket from which wrong sources are made.
    """

    def __init__(self, host: str, answer: UDPAnswer, recorder: Recorder | None = None, name: str = "target") -> None:
        self.answer = answer
        self.endpoint = UDPEndpoint.open(host, 0, self._took, recorder=recorder, name=name, where="target")
        self.unsent = 0
        self._other = UDPEndpoint.open(host, 0) if answer.behaviour == "wrong-source" else None
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def host(self) -> str:
        """Its address."""
        return self.endpoint.address[0]

    @property
    def port(self) -> int:
        """Its port."""
        return self.endpoint.port

    @property
    def others(self) -> int:
        """How many payloads came to the socket from which wrong sources are made."""
        return 0 if self._other is None else self._other.count

    def send(self, octets: bytes, to: tuple[str, int]) -> bool:
        """Send a payload that nobody asked for."""
        return self.endpoint.send(octets, to)

    def stray(self, octets: bytes, to: tuple[str, int]) -> bool:
        """Send a payload from another source."""
        if self._other is None:
            self._other = UDPEndpoint.open(self.host, 0)
        return self._other.send(octets, to)

    def _took(self, endpoint: UDPEndpoint, datagram: UDPDatagram) -> None:
        answer = self.answer
        if answer.behaviour == "mute":
            return
        sender = endpoint if self._other is None or answer.behaviour == "echo" else self._other
        self._after(answer.delay, lambda: self._send(sender, datagram))

    def _after(self, delay: float, act: Callable[[], None]) -> None:
        if not delay:
            act()
            return

        def late() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(delay, late)
        self._timers.add(timer)

    def _send(self, sender: UDPEndpoint, datagram: UDPDatagram) -> None:
        octets = self.answer.to(datagram.octets)
        for _ in range(self.answer.times):
            if not sender.send(octets, datagram.source):
                self.unsent += 1

    def close(self) -> None:
        """Close its sockets."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.endpoint.close()
        if self._other is not None:
            self._other.close()


class UDPLab:
    """UDP on loopback, or where `listen` says. Targets are made for one part each, and closed with it."""

    def __init__(self, listen: str = "127.0.0.1", reachable_as: str | None = None) -> None:
        self.listen = listen
        self.host = reachable_as or listen
        self._targets: list[UDPTarget] = []
        self._closed: list[socket.socket] = []

    @classmethod
    def of(cls, bench: Bench) -> UDPLab | None:
        """The UDP side of the run's lab, closed with the case; None without a lab."""
        if bench.lab is None:
            return None
        host = urlsplit(bench.lab.url).hostname or "127.0.0.1"
        lab = cls(host)
        if not lab.has(host):  # an address of a machine between
            lab.listen = "::" if ":" in host else "0.0.0.0"  # noqa: S104 - what our subject reaches us by is not here
        bench.run.stack.callback(lab.close)
        return lab

    def target(
        self,
        answer: UDPAnswer | None = None,
        recorder: Recorder | None = None,
        *,
        host: str | None = None,
        name: str = "target",
    ) -> UDPTarget:
        """A new target; `host` is another address of this machine, such as `::1`.

        UsageError for what is no address, EnvironmentProblem where nothing can be bound there.
        """
        host = host or self.listen
        try:
            target = UDPTarget(host, answer or UDPAnswer(), recorder, name)
        except socket.gaierror as why:
            raise UsageError(f"{host!r} is no address to listen at") from why
        except OSError as why:
            raise EnvironmentProblem(f"our UDP target cannot listen at {host}: {why.strerror}") from why
        self._targets.append(target)
        return target

    def closed(self, host: str | None = None) -> int:
        """A port at which nobody listens: what is sent there comes back as ICMP port unreachable."""
        host = host or self.listen
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._closed.append(sock)
        sock.bind((host, 0))
        # Bound, so that no one else can take the port; and connected to itself, so that it takes nothing from others.
        sock.connect(sock.getsockname())
        return int(sock.getsockname()[1])

    def has(self, host: str) -> bool:
        """Whether this machine has that address, as `::1`."""
        try:
            UDPTarget(host, UDPAnswer("mute")).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close all targets."""
        for target in self._targets:
            target.close()
        self._targets.clear()
        for sock in self._closed:
            sock.close()
        self._closed.clear()
