"""What both sides of HTTP/3 share: streams, frames, settings and field sections above QUIC, and nothing hidden.

Evidence is taken here and not in a library's HTTP/3: what the peer does wrong is told with the code that it deserves,
what we send wrong leaves as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import pylsqpack
from aioquic.quic.events import DatagramFrameReceived, QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from conformance.net._connection import HEAD_LIMIT
from conformance.net._leaving import FULL, HALF, RESET, Barrier, Leaving
from conformance.net._quic import QUIC
from conformance.net._settings3 import H3_DATAGRAM, HTTP3Settings
from conformance.net._stream import APART
from conformance.wire import DecodeError, Reader
from conformance.wire.http import (
    FieldLines,
    FrameReader,
    Lines,
    Piece,
    control_stream,
    decode_datagram_untrusted,
    decode_settings,
    encode_frame,
)

DATA, HEADERS, SETTINGS, GOAWAY = 0x0, 0x1, 0x4, 0x7
RESERVED_FRAMES = frozenset({0x2, 0x6, 0x8, 0x9})  # of HTTP/2 (RFC 9114, Section 7.2.8)
CONTROL_FRAMES = frozenset({0x3, SETTINGS, 0x5, GOAWAY, 0xD})
RESERVED_SETTINGS = frozenset({0x0, 0x2, 0x3, 0x4, 0x5})  # RFC 9114, Sections 7.2.4.1 and 11.2.2
BOOLEAN_SETTINGS = frozenset({0x8, 0x33})
CAPACITY = 0x1

CODES = {
    0x33: "H3_DATAGRAM_ERROR",  # RFC 9297, Section 5.2
    0x100: "H3_NO_ERROR", 0x101: "H3_GENERAL_PROTOCOL_ERROR", 0x102: "H3_INTERNAL_ERROR",
    0x103: "H3_STREAM_CREATION_ERROR", 0x104: "H3_CLOSED_CRITICAL_STREAM", 0x105: "H3_FRAME_UNEXPECTED",
    0x106: "H3_FRAME_ERROR", 0x107: "H3_EXCESSIVE_LOAD", 0x108: "H3_ID_ERROR", 0x109: "H3_SETTINGS_ERROR",
    0x10A: "H3_MISSING_SETTINGS", 0x10B: "H3_REQUEST_REJECTED", 0x10C: "H3_REQUEST_CANCELLED",
    0x10D: "H3_REQUEST_INCOMPLETE", 0x10E: "H3_MESSAGE_ERROR", 0x10F: "H3_CONNECT_ERROR",
    0x110: "H3_VERSION_FALLBACK",  # RFC 9114, Section 8.1
    0x200: "QPACK_DECOMPRESSION_FAILED", 0x201: "QPACK_ENCODER_STREAM_ERROR", 0x202: "QPACK_DECODER_STREAM_ERROR",
}  # fmt: skip
CANCELLED, INCOMPLETE, MESSAGE_ERROR = 0x10C, 0x10D, 0x10E


def code_name(code: int) -> str:
    """An error code of HTTP/3 by its name, unknown ones in hexadecimal."""
    return CODES.get(code, f"0x{code:x}")


class Broken(Exception):
    """The peer broke HTTP/3: the connection must end with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True)
class Incoming:
    """What comes on a stream: `kind` of a unidirectional one once known, `head` once a field section came."""

    stream_id: int
    reader: FrameReader = field(default_factory=FrameReader)
    kind: int | None = None
    begun: bytes = b""
    value: bytearray = field(default_factory=bytearray)
    frames: int = 0
    tunnel: bool = False
    head: bool = False
    over: bool = False


class Session3:
    """A connection that speaks HTTP/3, from either side. The sides say what becomes of a stream's fields and data."""

    def __init__(self, link: QUIC, settings: HTTP3Settings, *, client: bool) -> None:
        self.link = link
        self.client = client
        self.settings = settings
        self.peer_settings: tuple[tuple[int, int], ...] | None = None
        self.control_id: int | None = None
        self.goaway: int | None = None
        told = dict(settings.pairs)
        self._encoder = pylsqpack.Encoder()  # without a table: what leaves depends on nothing that the peer says
        self._decoder = pylsqpack.Decoder(told.get(CAPACITY, 0), 0)
        self._incoming: dict[int, Incoming] = {}
        self._critical: dict[int, int] = {}
        self._decoder_stream: int | None = None
        link.code_of = code_name
        octets = control_stream(settings.pairs).encode() if settings.control is None else settings.control
        if octets:
            self.control_id = self.open_stream(octets, unidirectional=True)
        link.transmit()

    # To be said by the sides

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Take a field section."""

    def took_data(self, stream_id: int, octets: bytes) -> None:
        """Take content."""

    def took_end(self, stream_id: int) -> None:
        """Take the end of a stream."""

    def took_reset(self, stream_id: int, code: int) -> None:
        """Take a RESET_STREAM."""

    def took_stop(self, stream_id: int, code: int) -> None:
        """Take a STOP_SENDING."""

    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Take an HTTP datagram; `octets` are those of the QUIC datagram."""

    def took_settings(self) -> None:
        """Take the peer's settings, which stand in `peer_settings`."""

    def took_goaway(self, identifier: int) -> None:
        """Take a GOAWAY."""

    def took_frame(self, stream_id: int, kind: int, octets: bytes) -> None:
        """Take note of a frame that is not known."""

    def malformed_stream(self, stream_id: int, reason: str) -> None:
        """Take note that a stream's message is malformed."""

    def broke(self, code: int, reason: str) -> None:
        """Take note that the peer broke HTTP/3; the connection is closed."""

    # Receiving

    def quic_event(self, event: QuicEvent) -> None:
        """Take an event of QUIC, unless we are done with the connection."""
        if self.link.closing:
            return
        try:
            match event:
                case StreamDataReceived():
                    self._stream_data(event.stream_id, event.data, event.end_stream)
                case StreamReset():
                    self._stream_reset(event.stream_id, event.error_code)
                case StopSendingReceived():
                    self._stopped(event.stream_id, event.error_code)
                case DatagramFrameReceived():
                    self._datagram(event.data)
        except Broken as why:
            self.close_with(why.code, why.reason)
            self.broke(why.code, why.reason)

    def _stopped(self, stream_id: int, code: int) -> None:
        if stream_id == self.control_id:
            raise Broken(0x104, "STOP_SENDING for the control stream")
        self.took_stop(stream_id, code)

    def close_with(self, code: int, reason: str) -> None:
        """End the connection over something that the peer did."""
        self.link.close(code, reason)

    def _of(self, stream_id: int) -> Incoming:
        return self._incoming.setdefault(stream_id, Incoming(stream_id))

    def _stream_data(self, stream_id: int, data: bytes, end: bool) -> None:
        incoming = self._of(stream_id)
        if stream_id & 2:
            self._unidirectional(incoming, data, end)
        elif stream_id & 1:
            raise Broken(0x103, "a bidirectional stream of the server's")  # RFC 9114, Section 6.1
        else:
            self._request_stream(incoming, data, end)

    def _unidirectional(self, incoming: Incoming, data: bytes, end: bool) -> None:
        if incoming.kind is None:
            incoming.begun += data
            reader = Reader(incoming.begun)
            try:
                incoming.kind = reader.varint("type")
            except DecodeError:
                return
            data = reader.rest()
            if incoming.kind in {0x0, 0x2, 0x3}:
                if incoming.kind in self._critical:
                    raise Broken(0x103, f"a second stream of type {incoming.kind}")
                self._critical[incoming.kind] = incoming.stream_id
            elif incoming.kind == 0x1 and not self.client:
                raise Broken(0x103, "a push stream of the client's")
        match incoming.kind:
            case 0x0:
                for piece in incoming.reader.feed(data):
                    self._control(incoming, piece)
            case 0x1:
                raise Broken(0x108, "a push that was not allowed")
            case 0x2:
                self._encoder_octets(data)
        if end and incoming.kind in {0x0, 0x2, 0x3}:
            raise Broken(0x104, f"the end of a critical stream, of type {incoming.kind}")

    def _encoder_octets(self, data: bytes) -> None:
        try:
            self._decoder.feed_encoder(data)
        except pylsqpack.EncoderStreamError as why:
            raise Broken(0x201, str(why) or "no instructions of an encoder") from why

    def _control(self, incoming: Incoming, piece: Piece) -> None:
        if piece.first:
            incoming.value.clear()
            incoming.frames += 1
            if incoming.frames == 1 and piece.type != SETTINGS:
                raise Broken(0x10A, f"a frame of type 0x{piece.type:x} where SETTINGS must stand")
            if piece.type in RESERVED_FRAMES | {DATA, HEADERS, 0x5} or (piece.type == SETTINGS and incoming.frames > 1):
                raise Broken(0x105, f"a frame of type 0x{piece.type:x} on the control stream")
        self._gather(incoming, piece)
        if not piece.last:
            return
        value = bytes(incoming.value)
        if piece.type == SETTINGS:
            self._settings(value)
        elif piece.type == GOAWAY:
            reader = Reader(value)
            try:
                self.goaway = reader.varint("identifier")
                reader.end()
            except DecodeError as why:
                raise Broken(0x106, f"GOAWAY: {why}") from why
            self.took_goaway(self.goaway)
        elif piece.type not in CONTROL_FRAMES:
            self.took_frame(incoming.stream_id, piece.type, value)

    def _gather(self, incoming: Incoming, piece: Piece) -> None:
        incoming.value += piece.octets[: max(HEAD_LIMIT - len(incoming.value), 0)]

    def _settings(self, value: bytes) -> None:
        try:
            pairs = decode_settings(value)
        except DecodeError as why:
            raise Broken(0x106, f"SETTINGS: {why}") from why
        self.check_settings(pairs)
        self.peer_settings = pairs
        self.took_settings()

    def check_settings(self, pairs: tuple[tuple[int, int], ...]) -> None:
        """Raise Broken for settings that must not be (RFC 9114, Section 7.2.4; RFC 9297, Section 2.1.1; RFC 9220)."""
        names = [name for name, _ in pairs]
        for name, value in pairs:
            if names.count(name) > 1 or name in RESERVED_SETTINGS:
                raise Broken(0x109, f"the setting 0x{name:x} {'twice' if names.count(name) > 1 else 'of HTTP/2'}")
            if name in BOOLEAN_SETTINGS and value > 1:
                raise Broken(0x109, f"the setting 0x{name:x} is {value}")
        if dict(pairs).get(H3_DATAGRAM) and not self.link.peer_max_datagram_frame_size:
            raise Broken(0x109, "H3_DATAGRAM without the transport parameter")

    def _request_stream(self, incoming: Incoming, data: bytes, end: bool) -> None:
        for piece in incoming.reader.feed(data):
            if incoming.over:
                return
            if piece.first:
                incoming.value.clear()
                self.frame_begins(incoming, piece)
            if piece.type == DATA:
                if piece.octets:
                    self.took_data(incoming.stream_id, piece.octets)
                continue
            self._gather(incoming, piece)
            if piece.last and piece.type == HEADERS:
                self._field_section(incoming, piece.length)
            elif piece.last:
                self.took_frame(incoming.stream_id, piece.type, bytes(incoming.value))
        if end and not incoming.over:
            incoming.over = True
            if not incoming.reader.between:
                raise Broken(0x106, "the stream ended within a frame")  # RFC 9114, Section 7.1
            self.took_end(incoming.stream_id)

    def frame_begins(self, incoming: Incoming, piece: Piece) -> None:
        """Raise Broken for a frame that must not stand there (RFC 9114, Sections 4.1, 4.4 and 7.2)."""
        known = piece.type in RESERVED_FRAMES | CONTROL_FRAMES | {DATA, HEADERS}
        allowed = (piece.type == HEADERS and not incoming.tunnel) or (piece.type == DATA and incoming.head)
        if known and not allowed:
            raise Broken(0x105, f"a frame of type 0x{piece.type:x} on a request stream")

    def _field_section(self, incoming: Incoming, length: int) -> None:
        if length > HEAD_LIMIT:
            raise Broken(0x107, f"a field section of {length} octets")
        try:
            said, fields = self._decoder.feed_header(incoming.stream_id, bytes(incoming.value))
        except (pylsqpack.DecompressionFailed, pylsqpack.StreamBlocked) as why:
            raise Broken(0x200, str(why) or "a field section that cannot be decompressed") from why
        if said:
            if self._decoder_stream is None:
                self._decoder_stream = self.open_stream(b"\x03", unidirectional=True)
            self.link.write(self._decoder_stream, said)
        incoming.head = True
        self.took_fields(incoming.stream_id, tuple((bytes(n), bytes(v)) for n, v in fields))

    def _stream_reset(self, stream_id: int, code: int) -> None:
        incoming = self._of(stream_id)
        if stream_id & 2:
            if incoming.kind in {0x0, 0x2, 0x3}:
                raise Broken(0x104, "a reset of a critical stream")
            return
        if not incoming.over:
            incoming.over = True
            self.took_reset(stream_id, code)

    def _datagram(self, octets: bytes) -> None:
        try:
            quarter, payload = decode_datagram_untrusted(octets)
        except DecodeError as why:
            self.bad_datagram(octets, why)
            return
        self.took_datagram(4 * quarter, payload, octets)

    def bad_datagram(self, octets: bytes, why: DecodeError) -> None:
        """Take a datagram that is none (RFC 9297, Section 2.1)."""
        del octets
        raise Broken(0x33, str(why))

    def over(self, stream_id: int) -> None:
        """Take nothing more from a stream."""
        self._of(stream_id).over = True

    def as_tunnel(self, stream_id: int) -> None:
        """Allow nothing but DATA on a stream from now on (RFC 9114, Section 4.4)."""
        self._of(stream_id).tunnel = True

    # Sending

    def open_stream(self, octets: bytes = b"", *, unidirectional: bool = False) -> int:
        """A new stream of ours, with its first octets."""
        stream_id = self.link.quic.get_next_available_stream_id(is_unidirectional=unidirectional)
        self.link.write(stream_id, octets)
        return stream_id

    def field_section(self, stream_id: int, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
        """A field section, compressed without a dynamic table."""
        said, octets = self._encoder.encode(stream_id, list(fields))
        assert not said, "an encoder without a table has nothing to say"
        return octets

    def write_fields(self, stream_id: int, fields: FieldLines, *, end: bool = False) -> bool:
        """Send a HEADERS frame; whether the stream still takes some."""
        frame = encode_frame(HEADERS, self.field_section(stream_id, fields))
        return self.link.write(stream_id, frame, end=end)

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
        head = encode_frame(HEADERS, self.field_section(stream_id, [*lines.fields, *more]))
        at = lines.content_at
        cuts = tuple(sorted({min(c, len(head) - 1) for c in how.cuts if c < at}))
        end = end and how.end != RESET
        held = None if how.held is None else max(how.held - at, 0)
        whole = end and not (lines.content or lines.trailers or held is not None)
        for start, stop, _ in Leaving(cuts).pieces(len(head)):
            if start:
                await self.apart(stream_id)
            if not self.link.write(stream_id, head[start:stop], end=whole and stop == len(head)):
                return False
        if not whole:
            inside = Leaving(tuple(c - at for c in how.cuts if c >= at), held)
            await self.send_data(stream_id, lines.content, inside, barrier=barrier, end=end and not lines.trailers)
            if lines.trailers:
                self.write_fields(stream_id, lines.trailers, end=end)
        return await self.finish_as(stream_id, how.end)

    async def send_data(
        self,
        stream_id: int,
        octets: bytes,
        how: Leaving,
        *,
        barrier: Barrier | None = None,
        end: bool = False,
    ) -> None:
        """Send octets in DATA frames, one for each piece."""
        for start, stop, waits in how.pieces(len(octets)):
            if start or waits:
                await self.apart(stream_id, barrier if waits else None)
            last = end and stop == len(octets)
            if stop > start:
                self.link.write(stream_id, encode_frame(DATA, octets[start:stop]), end=last)
            elif last:
                self.link.write(stream_id, b"", end=True)

    async def raw_octets(self, stream_id: int, octets: bytes, how: Leaving, *, barrier: Barrier | None = None) -> None:
        """Send octets on a stream without framing them."""
        if how.delay:
            await asyncio.sleep(how.delay)
        for start, stop, waits in how.pieces(len(octets)):
            if start or waits:
                await self.apart(stream_id, barrier if waits else None)
            self.link.write(stream_id, octets[start:stop])
        self.link.transmit()

    async def finish_as(self, stream_id: int, how: str) -> bool:
        """End as a message's changes say: our direction, the connection, or abortively; whether the stream lives on."""
        if how == RESET:
            await self.link.arrived(stream_id)
            self.link.reset_stream(stream_id, CANCELLED)
            return False
        if how == HALF:
            self.link.write(stream_id, b"", end=True)
        elif how == FULL:
            await self.link.arrived(stream_id)
            self.link.close()
        return not self.link.ended

    async def apart(self, stream_id: int, barrier: Barrier | None = None) -> None:
        """Wait until what was sent has arrived by itself, and then for the barrier if there is one."""
        await self.link.arrived(stream_id)
        await asyncio.sleep(APART)
        if barrier is not None:
            await barrier()
