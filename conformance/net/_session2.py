"""What both sides of HTTP/2 share: h2 without its opinions, flow control, and messages that leave as changes say."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from h2.config import H2Configuration
from h2.connection import AllowedStreamIDs, H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, Event
from h2.exceptions import FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes, Settings
from h2.stream import H2Stream
from hpack.struct import Header
from hyperframe.frame import Frame, GoAwayFrame, SettingsFrame

from conformance.net._connection import HEAD_LIMIT
from conformance.net._leaving import RESET, Barrier, Leaving
from conformance.net._stream import Stream
from conformance.wire.http import FieldLines, Lines

WINDOW = 1 << 24
"""Octets that the peer may send before we take them, for each stream and in all."""
CANCEL = 0x8


def code_name(code: int) -> str:
    """An error code of HTTP/2 by its name (RFC 9113, Section 7), unknown ones in hexadecimal."""
    try:
        return ErrorCodes(code).name
    except ValueError:
        return f"0x{code:x}"


def pairs(headers: Iterable[tuple[bytes | str, bytes | str]] | None) -> FieldLines:
    """Field lines as h2 tells them."""
    return tuple((_octets(n), _octets(v)) for n, v in headers or ())


def _octets(text: bytes | str) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else bytes(text)


class _Stream(H2Stream):
    """A stream whose announced length h2 does not check: it would end the whole connection for a stream's fault."""

    def _initialize_content_length(self, headers: Iterable[Header]) -> None:
        """Leave it unknown."""


class Machine(H2Connection):
    """The state machine of a connection. What it has seen is in `seen`, whatever came after."""

    def __init__(self, *, client: bool, more: Mapping[int, int] | None = None) -> None:
        super().__init__(
            H2Configuration(
                client_side=client,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                split_outbound_cookies=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self.seen: list[Event] = []
        self.settled = False
        settings = {
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            SettingCodes.MAX_CONCURRENT_STREAMS: 256,
            SettingCodes.MAX_HEADER_LIST_SIZE: HEAD_LIMIT,
        }
        if client:
            settings[SettingCodes.ENABLE_PUSH] = 0
        settings |= {cast("SettingCodes", name): value for name, value in (more or {}).items()}
        self.local_settings = Settings(client=client, initial_values=settings)
        self.initiate_connection()
        self.increment_flow_control_window(WINDOW)

    def _begin_new_stream(self, stream_id: int, allowed_ids: AllowedStreamIDs) -> H2Stream:
        stream = super()._begin_new_stream(stream_id, allowed_ids)
        stream.__class__ = _Stream
        return stream

    def receive_data(self, data: Any) -> list[Event]:
        """Read frames; of one that is too large the head is enough, h2 itself would wait for the whole of it."""
        events = super().receive_data(data)
        begun = self.incoming_buffer._data[:9]  # noqa: SLF001 - h2 does not tell otherwise
        if len(begun) == 9 and int.from_bytes(begun[:3], "big") > self.max_inbound_frame_size:
            self.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
            msg = f"a frame of {int.from_bytes(begun[:3], 'big')} octets"
            raise FrameTooLargeError(msg)
        return events

    def _receive_frame(self, frame: Frame) -> list[Event]:
        if not self.settled and not isinstance(frame, SettingsFrame):
            msg = f"{type(frame).__name__} where SETTINGS must stand"  # RFC 9113, Section 3.4
            raise ProtocolError(msg)
        self.settled = True
        # h2 forgets the events of a read in which a later frame is wrong.
        self.seen += super()._receive_frame(frame)
        return []

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        # h2 takes no frames any more, but streams under way go on (RFC 9113, Section 6.8).
        event = ConnectionTerminated()
        event.error_code, event.last_stream_id = frame.error_code, frame.last_stream_id
        event.additional_data = frame.additional_data
        return [], [event]


@dataclass(slots=True)
class _Leaver:
    """What is still to leave on a stream; `end` when nothing will be added."""

    pieces: deque[memoryview] = field(default_factory=deque)
    end: bool = False
    trailers: FieldLines = ()


class Session:
    """A connection that speaks HTTP/2, from either side."""

    def __init__(self, stream: Stream, *, client: bool, settings: Mapping[int, int] | None = None) -> None:
        self.stream = stream
        self.machine = Machine(client=client, more=settings)
        self._leavers: dict[int, _Leaver] = {}
        self._corked = asyncio.Lock()
        self.flush()

    # To be said by the sides

    def take(self, event: Event) -> None:
        """Take an event of the machine."""
        raise NotImplementedError

    def broken(self, reason: str) -> None:
        """The peer broke the protocol; the connection is over."""
        raise NotImplementedError

    # Receiving

    def data_received(self, data: bytes) -> None:
        """Let the machine read, take what it saw, send what became possible."""
        reason = None
        try:
            self.machine.receive_data(data)
        except ProtocolError as why:
            reason = str(why) or type(why).__name__
        except Exception as why:  # noqa: BLE001 - whatever h2 and hpack raise on a peer's octets is the peer's
            reason = f"{type(why).__name__}: {why}"
        seen, self.machine.seen = self.machine.seen, []
        for event in seen:
            self.take(event)
        if reason is None:
            for stream_id in list(self._leavers):
                self._pump(stream_id)
        self.flush()
        if reason is not None:
            self.broken(reason)

    def flush(self) -> None:
        """Write what the machine has to say, unless a message is just leaving in pieces."""
        if not self._corked.locked() and (data := self.machine.data_to_send()):
            self.stream.write(data)

    def took(self, length: int, stream_id: int) -> None:
        """Give the peer back what its content took of the windows."""
        if length:
            with contextlib.suppress(ProtocolError):
                self.machine.acknowledge_received_data(length, stream_id)

    def reset_stream(self, stream_id: int, code: int) -> None:
        """End a stream abortively."""
        self._leavers.pop(stream_id, None)
        with contextlib.suppress(ProtocolError):
            self.machine.reset_stream(stream_id, code)
        self.flush()

    def forget(self, stream_id: int) -> None:
        """Send nothing more on a stream."""
        self._leavers.pop(stream_id, None)

    # Sending

    async def send_message(
        self,
        stream_id: int,
        lines: Lines,
        how: Leaving,
        *,
        more: FieldLines = (),
        barrier: Barrier | None = None,
        end: bool = True,
    ) -> bool:
        """Send a whole message; whether the stream lives on. Without `end` the stream stays open behind it.

        Places in `how` count octets of the rendering. What lies in its head parts the octets of the HEADERS frame, what
        lies in its content parts DATA frames; what is held leaves with the end of the stream.
        """
        if how.delay:
            await asyncio.sleep(how.delay)
        content, at = memoryview(lines.content), lines.content_at
        whole = end and not (content or lines.trailers or how.held is not None or how.end == RESET)
        try:
            self.machine.send_headers(stream_id, [*lines.fields, *more], end_stream=whole)
        except ProtocolError:
            return False
        await self._flush_apart(tuple(c for c in how.cuts if c < at))
        if not whole:
            leaver = self._leavers[stream_id] = _Leaver(trailers=lines.trailers)
            held = None if how.held is None else max(how.held - at, 0)
            inside = Leaving(tuple(c - at for c in how.cuts if c >= at), held)
            for n, (start, stop, waits) in enumerate(inside.pieces(len(content))):
                if n or waits or start:
                    await self._left(stream_id)
                    await self.stream.apart(barrier if waits else None)
                leaver.pieces.append(content[start:stop])
                leaver.end = end and stop == len(content) and how.end != RESET
                self._pump(stream_id)
                self.flush()
        if how.end == RESET:
            await self._left(stream_id)
            await self.stream.arrived()
            self.reset_stream(stream_id, CANCEL)
            return False
        if how.end:
            await self._left(stream_id)
            await self.stream.finish(how.end)
        return True

    async def send_more(
        self, stream_id: int, octets: bytes, how: Leaving, *, barrier: Barrier | None = None, end: bool = False
    ) -> None:
        """Send octets in DATA frames, one for each piece that flow control allows, on a stream that lives on."""
        if stream_id not in self.machine.streams:
            return
        leaver = self._leavers.setdefault(stream_id, _Leaver())
        content = memoryview(octets)
        for n, (start, stop, waits) in enumerate(how.pieces(len(octets))):
            if n or waits:
                await self._left(stream_id)
                await self.stream.apart(barrier if waits else None)
            leaver.pieces.append(content[start:stop])
            leaver.end = end and stop == len(octets)
            self._pump(stream_id)
            self.flush()

    async def _flush_apart(self, cuts: tuple[int, ...]) -> None:
        if not cuts:
            self.flush()
            return
        async with self._corked:
            octets = self.machine.data_to_send()
            places = {min(c, len(octets) - 1) for c in cuts}
            await self.stream.send(octets, Leaving(tuple(sorted(p for p in places if p > 0))))
        self.flush()

    async def _left(self, stream_id: int) -> None:
        """Wait until flow control let all of a stream's content out, or patience ends."""
        while (leaver := self._leavers.get(stream_id)) and leaver.pieces and not self.stream.ended:
            if not await self.stream.moved(self.stream.progress + self.stream.patience):
                return

    def _pump(self, stream_id: int) -> None:
        """Send what the windows allow."""
        leaver = self._leavers.get(stream_id)
        if leaver is None:
            return
        try:
            while leaver.pieces:
                piece = leaver.pieces[0]
                last = leaver.end and len(leaver.pieces) == 1 and not leaver.trailers
                room = min(self.machine.local_flow_control_window(stream_id), self.machine.max_outbound_frame_size)
                if len(piece) > room:
                    if room <= 0:
                        return
                    self.machine.send_data(stream_id, piece[:room])
                    leaver.pieces[0] = piece[room:]
                    continue
                if piece or last:
                    self.machine.send_data(stream_id, piece, end_stream=last)
                leaver.pieces.popleft()
            if leaver.end:
                if leaver.trailers:
                    self.machine.send_headers(stream_id, leaver.trailers, end_stream=True)
                del self._leavers[stream_id]
        except ProtocolError:  # the stream is gone
            self._leavers.pop(stream_id, None)
