"""One stream of octets over TCP or TLS: reads with patience, sends as the changes say, and tells how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from conformance.model import Change, Ended
from conformance.net._leaving import FULL, HALF, RESET, Barrier, Leaving
from conformance.net._recorder import Nobody, Recorder

APART = 0.002
"""Seconds between pieces that must arrive apart, after the peer's kernel has them: time for the peer to read."""
FOREVER = 10
"""An exchange with progress may last this many times the patience."""


class Consumer(Protocol):
    """Who takes the octets of a stream as they come."""

    def data_received(self, data: bytes) -> None:
        """Take some."""

    def stream_ended(self, what: str, detail: str) -> None:
        """No more will come: closed, reset, timeout or tls-error."""


class Carrier(Protocol):
    """What carries a version of HTTP: a stream over TCP or TLS, or a QUIC connection.

    `ended`, `detail` and `progress` are as those of a `Stream`.
    """

    patience: float
    ended: str
    detail: str
    closing: bool
    progress: float
    loop: asyncio.AbstractEventLoop

    @property
    def tls(self) -> bool:
        """Whether it is TLS."""

    @property
    def peer(self) -> tuple[str, int]:
        """The peer's address and port."""

    async def moved(self, until: float) -> bool:
        """Wait for anything to move; False when the loop's time `until` came first."""

    def close(self) -> None:
        """End both directions; what was written still leaves."""

    def reset(self) -> None:
        """End it abortively."""


def ending_of(error: BaseException | None) -> tuple[str, str]:
    """How a stream ended: closed, reset, timeout or tls-error, and what is known of it."""
    match error:
        case None:
            return "closed", ""
        case ssl.SSLError():
            return "tls-error", str(getattr(error, "reason", None) or error)
        case ConnectionResetError() if not error.errno:
            return "closed", str(error)  # asyncio's own: the end of the stream within a handshake
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "reset", str(error)
        case TimeoutError():
            return "timeout", str(error)
    return "closed", str(error)


class Stream(asyncio.Protocol):
    """A stream that is open, as client or as server. Sends never raise for what the peer does; reads tell.

    `ended` is empty while the peer may still send, then the ending's name; `progress` the loop's time of the last
    octets that moved in either direction.
    """

    def __init__(self, patience: float, opened: Callable[[Stream], Any] | None = None) -> None:
        self.patience = patience
        self.ended = ""
        self.detail = ""
        self.closing = False
        self.halved = False
        self.lost = False
        self.consumer: Consumer | None = None
        self.left: Callable[[Stream], Any] | None = None
        self.progress = 0.0
        self.received = 0
        self.loop = asyncio.get_running_loop()
        self._opened = opened
        self._buffer = bytearray()
        self._paused = False
        self._waiters: list[asyncio.Future[bool]] = []

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.progress = self.loop.time()
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Take octets of the peer."""
        self.progress = self.loop.time()
        self.received += len(data)
        if self.consumer is not None:
            self.consumer.data_received(data)
        else:
            self._buffer += data
        self._wake()

    def eof_received(self) -> bool:
        """Note the peer's end; over TCP ours stays open."""
        self._end("closed", "")
        return not self.tls

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of both directions."""
        self.lost = True
        self._end(*ending_of(exc))
        if self.left is not None:
            self.left(self)

    def pause_writing(self) -> None:
        """Note that the peer reads slower than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """Note that it took some."""
        self._paused = False
        self.progress = self.loop.time()
        self._wake()

    def _end(self, what: str, detail: str) -> None:
        if not self.ended:
            detail = detail or ("by ourselves" if self.closing else "")
            self.ended, self.detail = what, detail
            if self.consumer is not None:
                self.consumer.stream_ended(what, detail)
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            settle(waiter, True)

    async def moved(self, until: float) -> bool:
        """Wait for anything to move; False when the loop's time `until` came first."""
        waiter: asyncio.Future[bool] = self.loop.create_future()
        self._waiters.append(waiter)
        timer = self.loop.call_at(until, settle, waiter, False)
        try:
            return await waiter
        finally:
            timer.cancel()

    # What is known of it

    @property
    def tls(self) -> bool:
        """Whether it is TLS."""
        return self.transport.get_extra_info("ssl_object") is not None

    @property
    def alpn(self) -> str | None:
        """The protocol that the peer chose in the TLS handshake."""
        tls = self.transport.get_extra_info("ssl_object")
        return None if tls is None else tls.selected_alpn_protocol()

    @property
    def peer(self) -> tuple[str, int]:
        """The peer's address and port."""
        name = self.transport.get_extra_info("peername") or ("", 0)
        return str(name[0]), int(name[1])

    # Sending

    def write(self, octets: bytes) -> None:
        """Send octets as soon as may be."""
        if not self.lost and not self.closing and not self.halved:
            self.transport.write(octets)

    async def send(
        self, octets: bytes, leaving: Iterable[Change] | Leaving = (), *, barrier: Barrier | None = None
    ) -> None:
        """Send a message as its changes say (`Leaving.of`); what is held leaves when `barrier` returns."""
        how = leaving if isinstance(leaving, Leaving) else Leaving.of(leaving, len(octets))
        if how.delay:
            await asyncio.sleep(how.delay)
        for n, (start, end, held) in enumerate(how.pieces(len(octets))):
            if n or held:
                await self.apart(barrier if held else None)
            self.write(octets[start:end])
        if self._paused:
            await self.drained()
        if how.end:
            await self.finish(how.end)

    async def apart(self, barrier: Barrier | None = None) -> None:
        """Wait until what was sent has arrived by itself, and then for the barrier if there is one."""
        await self.arrived()
        await asyncio.sleep(APART)
        if barrier is not None:
            await barrier()

    async def drained(self) -> None:
        """Wait until the transport takes more, the peer says something, or patience ends."""
        before = self.received
        while self._paused and not self.ended and self.received == before:
            if not await self.moved(self.progress + self.patience):
                return

    async def arrived(self) -> None:
        """Wait until the peer's kernel has everything, as far as this system tells, or patience ends."""
        until = self.loop.time() + self.patience
        # No event tells of the kernel's queue.
        while not self.lost and self.loop.time() < until and self._unsent():  # noqa: ASYNC110
            await asyncio.sleep(0.0005)

    def _unsent(self) -> int:
        if waiting := self.transport.get_write_buffer_size():
            return waiting
        with contextlib.suppress(OSError, AttributeError, ValueError):
            sock = self.transport.get_extra_info("socket")
            return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
        return 0

    async def finish(self, how: str) -> None:
        """End our direction (`half`; over TLS both), both (`full`), or abort (`reset`)."""
        if how == RESET:
            await self.arrived()
            self.reset()
        elif how == HALF and self.transport.can_write_eof():
            if not self.lost and not self.halved:
                self.halved = True
                self.transport.write_eof()
        elif how in {HALF, FULL}:
            await self.arrived()
            self.close()

    # Reading

    async def read(self, recorder: Recorder | None = None, limit: int = 1 << 16) -> bytes:
        """Some octets, at least one and up to `limit`. The end, or that of patience, is recorded and raised."""
        await self._until(lambda: bool(self._buffer), recorder)
        return self._take(min(limit, len(self._buffer)))

    async def read_exactly(self, n: int, recorder: Recorder | None = None) -> bytes:
        """Exactly n octets."""
        await self._until(lambda: len(self._buffer) >= n, recorder)
        return self._take(n)

    async def read_line(self, recorder: Recorder | None = None) -> bytes:
        """All up to and with the next line feed."""
        await self._until(lambda: b"\n" in self._buffer, recorder)
        return self._take(self._buffer.index(b"\n") + 1)

    async def read_to_end(self, recorder: Recorder | None = None, limit: int = 1 << 24) -> bytes:
        """All until the peer closes its direction; any other end, or more than `limit`, is recorded and raised."""
        await self._until(lambda: self.ended == "closed" or len(self._buffer) > limit, recorder)
        if len(self._buffer) > limit:
            raise self._over(recorder, "timeout", f"more than {limit} octets and no end")
        return self._take(len(self._buffer))

    def _take(self, n: int) -> bytes:
        taken = bytes(self._buffer[:n])
        del self._buffer[:n]
        return taken

    async def _until(self, enough: Callable[[], bool], recorder: Recorder | None) -> None:
        began = self.loop.time()
        while not enough():
            if self.ended:
                raise self._over(recorder, self.ended, self.detail)
            quiet = max(self.progress, began) + self.patience
            last = began + FOREVER * self.patience
            if not await self.moved(min(quiet, last)) and not enough():
                raise self._over(recorder, "timeout", silence(self.patience, quiet > last))

    def _over(self, recorder: Recorder | None, what: str, detail: str) -> Ended:
        (recorder or Nobody()).saw(what, detail=detail)
        return Ended(what, detail)

    # Ending

    def close(self) -> None:
        """End both directions; what was written still leaves."""
        if not self.lost and not self.closing:
            self.closing = True
            self.transport.close()

    def reset(self) -> None:
        """End the stream abortively: the peer sees a reset."""
        self.closing = True
        if not self.lost:
            sock = self.transport.get_extra_info("socket")
            with contextlib.suppress(OSError, AttributeError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


def settle(waiter: asyncio.Future[bool], moved: bool) -> None:
    if not waiter.done():
        waiter.set_result(moved)


def silence(patience: float, drips: bool) -> str:
    """What a timeout's detail says."""
    return f"still not whole after {FOREVER * patience:g} s" if drips else f"nothing for {patience:g} s"
