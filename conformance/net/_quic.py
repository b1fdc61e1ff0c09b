"""QUIC: aioquic's connection on a socket of ours, with what aioquic leaves to its user done in one place.

- A datagram that fits no packet would stand before all others for ever: it is not sent, and we say so.
- In a packet, aioquic writes DATAGRAM frames before STREAM frames: what was sent before on a stream is flushed first.
- That the peer closed is told only when the draining period is over: here it is told at once.
- Waiting for the closing period would hold a case up: what must leave has left, the socket is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Protocol, cast

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection, QuicConnectionState
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent
from aioquic.quic.packet import QuicErrorCode, QuicFrameType
from aioquic.quic.packet_builder import QuicPacketBuilder

from conformance.net._stream import settle

DATAGRAM_OVERHEAD = 40
"""Octets of a packet that a DATAGRAM frame's payload cannot have: short header, tag, type and length."""
NO_ALPN = 120
CRYPTO_ERRORS = range(0x100, 0x200)  # RFC 9000, Section 20.1
BAD_CERTIFICATE = {42, 43, 44, 45, 46, 48, 49}  # alerts of RFC 8446, Section 6.2


class Consumer(Protocol):
    """Who takes what a connection sees."""

    def quic_event(self, event: QuicEvent) -> None:
        """Take an event of streams or datagrams."""

    def quic_ended(self, what: str, detail: str, code: str) -> None:
        """Nothing more will come: closed, timeout or tls-error."""

    def quic_broken(self, reason: str) -> None:
        """Nothing more will come: the peer broke QUIC itself."""


class _Unsized(bytes):
    """The payload of a DATAGRAM frame without a length (type 0x30; RFC 9221, Section 4)."""

    __slots__ = ()


class _Machine(QuicConnection):
    """aioquic's machine, which can also write DATAGRAM frames that end their packet."""

    def _write_datagram_frame(self, builder: QuicPacketBuilder, data: bytes, frame_type: QuicFrameType) -> bool:
        if not isinstance(data, _Unsized):
            return super()._write_datagram_frame(builder, data, frame_type)
        builder.start_frame(QuicFrameType.DATAGRAM, capacity=1 + len(data)).push_bytes(data)
        return True


class QUIC(QuicConnectionProtocol):
    """A connection, as client or as server; the carrier of HTTP/3.

    `ended` is empty while the peer may still send, then the ending's name, with its `detail` and `code`; `code_of`
    names application error codes. `too_large` counts datagrams that could not be sent.
    """

    tls = True
    alpn: str | None = None

    def __init__(self, quic: QuicConnection, patience: float, code_of: Callable[[int], str] = hex) -> None:
        super().__init__(quic)
        quic.__class__ = _Machine
        self.patience = patience
        self.code_of = code_of
        self.loop = asyncio.get_running_loop()
        self.progress = self.loop.time()
        self.ended = ""
        self.detail = ""
        self.code = ""
        self.closing = False
        self.ready = False
        self.broken = ""
        self.too_large = 0
        self.consumer: Consumer | None = None
        self.opened: Callable[[QUIC], Any] | None = None
        self.left: Callable[[QUIC], Any] | None = None
        self.own_socket = quic.configuration.is_client
        self._waiters: list[asyncio.Future[bool]] = []
        self._early: list[QuicEvent] = []

    # What is known of it

    @property
    def quic(self) -> QuicConnection:
        """The machine itself."""
        return self._quic

    @property
    def peer(self) -> tuple[str, int]:
        """The peer's address and port."""
        address = self._quic.get_peer_address() or ("", 0)
        return str(address[0]), int(address[1])

    @property
    def datagram_limit(self) -> int:
        """The largest payload of a DATAGRAM frame that fits a packet of ours."""
        return int(self._quic._max_datagram_size) - DATAGRAM_OVERHEAD  # noqa: SLF001 - aioquic does not tell otherwise

    @property
    def peer_max_datagram_frame_size(self) -> int | None:
        """The peer's transport parameter (RFC 9221, Section 3)."""
        return self._quic._remote_max_datagram_frame_size  # noqa: SLF001

    def begin(self) -> None:
        """Begin the handshake, as client on a socket that is connected."""
        assert self._transport is not None
        self.connect(self._transport.get_extra_info("peername"))

    # Receiving

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        """Take a UDP datagram."""
        self.progress = self.loop.time()
        try:
            self._quic.receive_datagram(cast("bytes", data), addr, now=self.progress)
        except Exception as why:  # noqa: BLE001 - whatever aioquic raises on a peer's octets is the peer's
            self._break(f"{type(why).__name__}: {why}")
        self._process_events()
        self.transmit()
        self._look()
        self._wake()

    def error_received(self, exc: Exception) -> None:
        """Note that the system reports an error, as where nobody listens."""
        if not self.ready:
            refused = isinstance(exc, ConnectionRefusedError)
            self._end("closed", getattr(exc, "strerror", None) or str(exc), "refused" if refused else "unreachable")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the socket."""
        del exc
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def quic_event_received(self, event: QuicEvent) -> None:
        """Take an event of aioquic's."""
        match event:
            case HandshakeCompleted():
                self.ready = True
                self.alpn = event.alpn_protocol
                if self.opened is not None:
                    self.opened(self)
            case ConnectionTerminated():
                self._terminated(event)
            case _ if self.consumer is not None:
                self.consumer.quic_event(event)
            case _:
                self._early.append(event)

    def consumed_by(self, consumer: Consumer) -> None:
        """Give all events to that one, those that came early first."""
        self.consumer = consumer
        early, self._early = self._early, []
        for event in early:
            consumer.quic_event(event)

    def _look(self) -> None:
        event = self._quic._close_event  # noqa: SLF001 - the event itself comes with the end of the draining period
        if event is not None and not self.ended:
            self._terminated(event)

    def _terminated(self, event: ConnectionTerminated) -> None:
        code, reason, frame = event.error_code, event.reason_phrase, event.frame_type
        if self.ended or self.closing:
            self._end("closed", "by ourselves", "")
        elif reason == "Idle timeout" and frame == QuicFrameType.PADDING:
            self._end("timeout", "idle", "")
        elif code in CRYPTO_ERRORS and frame is not None:
            alert = code - CRYPTO_ERRORS.start
            name = "certificate" if alert in BAD_CERTIFICATE else "alpn" if alert == NO_ALPN else f"alert {alert}"
            self._end("tls-error", reason, name)
        elif self._ours():
            self._break(f"{transport_code(code)}: {reason}")
        else:
            name = self.code_of(code) if frame is None else transport_code(code)
            self._end("closed", f"{name}{': ' if reason else ''}{reason}", name)

    def _ours(self) -> bool:
        """Whether aioquic ended it, over something that the peer sent."""
        return self._quic._close_pending or self._quic._state is QuicConnectionState.CLOSING  # noqa: SLF001

    def _break(self, reason: str) -> None:
        if not self.ended:
            self.broken = reason
            self.ended, self.detail = "closed", f"ended by us: {reason}"
            if self.consumer is not None:
                self.consumer.quic_broken(reason)
            self._wake()

    def _end(self, what: str, detail: str, code: str) -> None:
        if not self.ended:
            self.ended, self.detail, self.code = what, detail, code
            if self.consumer is not None and not self.closing:
                self.consumer.quic_ended(what, detail, code)
            if self.left is not None:
                self.left(self)
        self._wake()

    def _handle_timer(self) -> None:
        super()._handle_timer()
        self._look()

    # Waiting

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

    # Sending

    def transmit(self) -> None:
        """Send what there is to send."""
        if self._transport is None or self._transport.is_closing():
            return
        try:
            for octets, address in self._quic.datagrams_to_send(now=self.loop.time()):
                self._transport.sendto(octets, None if self.own_socket else address)
        except Exception as why:  # noqa: BLE001 - what was asked of aioquic may be impossible; the case must go on
            self._break(f"{type(why).__name__}: {why}")
        self._transmit_task = None
        self._arm()

    def _arm(self) -> None:
        at = self._quic.get_timer()
        if self._timer is not None and self._timer_at != at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and at is not None and not self.closing:
            self._timer = self.loop.call_at(at, self._handle_timer)
        self._timer_at = at

    def write(self, stream_id: int, octets: bytes, *, end: bool = False) -> bool:
        """Send octets on a stream, soon; whether the stream still takes some."""
        if self.ended or self.closing:
            return False
        try:
            self._quic.send_stream_data(stream_id, octets, end)
        except (ValueError, RuntimeError, AssertionError):  # ended, reset or stopped
            return False
        self._transmit_soon()
        return True

    def send_datagram(self, payload: bytes, *, sized: bool = True) -> bool:
        """Send a DATAGRAM frame, behind what was written on streams; False for one that fits no packet.

        One that is not `sized` has no length and ends its packet (its payload must not be empty).
        """
        if self.ended or self.closing:
            return False
        if len(payload) > self.datagram_limit:
            self.too_large += 1
            return False
        self.transmit()
        self._quic.send_datagram_frame(payload if sized else _Unsized(payload))
        self.transmit()
        return True

    def unsent(self, stream_id: int) -> bool:
        """Whether some of a stream's octets have not left yet."""
        stream = self._quic._streams.get(stream_id)  # noqa: SLF001
        return stream is not None and not stream.sender.buffer_is_empty

    def unacknowledged(self, stream_id: int) -> bool:
        """Whether the peer has not acknowledged all of a stream's octets."""
        stream = self._quic._streams.get(stream_id)  # noqa: SLF001
        sender = None if stream is None else stream.sender
        return sender is not None and sender._buffer_start < sender._buffer_stop  # noqa: SLF001

    async def arrived(self, stream_id: int) -> None:
        """Wait until the peer has acknowledged what was written on a stream, or patience ends."""
        self.transmit()
        while self.unacknowledged(stream_id) and not self.ended and not self.closing:
            if not await self.moved(self.progress + self.patience):
                return

    def reset_stream(self, stream_id: int, code: int, *, stop: bool = True) -> None:
        """End a stream abortively: RESET_STREAM, and STOP_SENDING unless told otherwise, where they can be sent."""
        if self.ended or self.closing:
            return
        for act in (self._quic.reset_stream, *((self._quic.stop_stream,) if stop else ())):
            try:
                act(stream_id, code)
            except (ValueError, RuntimeError, AssertionError):  # that direction is over
                continue
        self.transmit()

    # Ending

    def close(self, error_code: int = 0x100, reason_phrase: str = "", frame_type: int | None = None) -> None:
        """Say CONNECTION_CLOSE (RFC 9000, Section 19.19; of the application unless `frame_type` is given) and close."""
        if self.closing:
            return
        self.transmit()  # what was written still leaves
        self.closing = True
        self._quic.close(error_code=error_code, frame_type=frame_type, reason_phrase=reason_phrase)
        self.transmit()
        self._end("closed", "by ourselves", "")
        self.drop()

    def reset(self) -> None:
        """End it with an error of no name (H3_INTERNAL_ERROR; RFC 9114, Section 8.1)."""
        self.close(0x102)

    def drop(self) -> None:
        """Say nothing and forget it."""
        self.closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transmit_task is not None:
            self._transmit_task.cancel()
            self._transmit_task = None
        if self.own_socket and self._transport is not None:
            self._transport.close()
        elif not self.own_socket:
            self._connection_terminated_handler()
        self._end("closed", "by ourselves", "")


def transport_code(code: int) -> str:
    """An error code of the transport by its name (RFC 9000, Section 20.1), unknown ones in hexadecimal."""
    try:
        return QuicErrorCode(code).name
    except ValueError:
        return f"0x{code:x}"


def trust(configuration: QuicConfiguration, *, ca_file: str | None, ca_data: str | None, insecure: bool) -> None:
    """Say whose certificates are good."""
    configuration.cafile = ca_file
    configuration.cadata = None if ca_data is None else ca_data.encode()
    configuration.verify_mode = ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED
