"""What HTTP/3 frames and capsules share: a type, a length and that many octets, each number a variable-length integer.

RFC 9114, Section 7.1; RFC 9297, Section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.wire._codec import DecodeError, Reader, encode_varint
from conformance.wire._recipe import Get, Many, Message, UInt, Varint

DATA, HEADERS, SETTINGS, GOAWAY = 0x0, 0x1, 0x4, 0x7
CONTROL, ENCODER, DECODER = 0x0, 0x2, 0x3
"""Types of unidirectional streams (RFC 9114, Section 6.2.1; RFC 9204, Section 4.2)."""
ENABLE_CONNECT_PROTOCOL, H3_DATAGRAM = 0x8, 0x33
"""Settings (RFC 8441, Section 3, and RFC 9220, Section 3; RFC 9297, Section 2.1.1)."""


def _length(get: Get) -> Varint:
    return Varint(len(get("value")))


def frame(kind: int | Varint, value: Any) -> Message:
    """A frame or capsule: `type`, `length` and `value` (octets or any part of a recipe)."""
    return Message(type=kind if isinstance(kind, Varint) else Varint(kind), length=_length, value=value)


def settings(pairs: Iterable[tuple[int, int]], version: int = 3) -> Message:
    """A SETTINGS frame with each setting's `id` and `value`, in order.

    In HTTP/2 the frame's head has `length`, `type`, `flags` and `stream` (RFC 9113, Sections 4.1 and 6.5).
    """
    if version == 2:
        made = [Message(id=UInt(n, 2), value=UInt(v, 4)) for n, v in pairs]
        head = {"type": UInt(SETTINGS, 1), "flags": UInt(0, 1), "stream": UInt(0, 4)}
        return Message({"length": lambda get: UInt(len(get("value")), 3), **head, "value": Many(made)})
    return frame(SETTINGS, Many([Message(id=Varint(n), value=Varint(v)) for n, v in pairs]))


def control_stream(pairs: Iterable[tuple[int, int]]) -> Message:
    """How an HTTP/3 control stream begins: its `stream` type and its `settings`."""
    return Message(stream=Varint(CONTROL), settings=settings(pairs))


def encode_frame(kind: int, value: bytes) -> bytes:
    """The octets of a frame."""
    return encode_varint(kind) + encode_varint(len(value)) + value


@dataclass(frozen=True, slots=True)
class Piece:
    """Some octets of a frame's value: `first` and `last` of it; an empty value is one piece, as is a head alone.

    `at` is the offset of the frame's first octet in all that was read, `head` the width of type and length.
    """

    type: int
    length: int
    octets: bytes
    first: bool
    last: bool
    at: int
    head: int


class FrameReader:
    """Reads frames as their octets come; of a value, no more than what was fed last is kept here. No I/O."""

    def __init__(self) -> None:
        self._head = b""
        self._type = self._length = self._left = self._head_width = 0
        self._inside = False
        self._at = self._begun = 0

    @property
    def between(self) -> bool:
        """Whether no frame is begun."""
        return not self._head and not self._inside

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take octets. Every head is told as soon as it is whole, with what there is of its value."""
        at = 0
        while at < len(data) or (self._inside and self._left == 0):
            first = not self._inside
            if first:
                at, whole = self._read_head(data, at)
                if not whole:
                    return
            taken = data[at : at + self._left]
            at += len(taken)
            self._at += len(taken)
            self._left -= len(taken)
            self._inside = self._left > 0
            yield Piece(self._type, self._length, taken, first, not self._inside, self._begun, self._head_width)

    def _read_head(self, data: bytes, at: int) -> tuple[int, bool]:
        """Take octets of a head, up to its end; where the next octet stands, and whether the head is whole."""
        if not self._head:
            self._begun = self._at
        while at < len(data):
            self._head += data[at : at + 1]
            at += 1
            self._at += 1
            first = 1 << (self._head[0] >> 6)
            whole = first + (1 << (self._head[first] >> 6)) if len(self._head) > first else first + 1
            if len(self._head) == whole:
                self._type, self._length = _integer(self._head[:first]), _integer(self._head[first:])
                self._left, self._inside, self._head_width, self._head = self._length, True, whole, b""
                return at, True
        return at, False

    def end(self) -> None:
        """The octets are over; DecodeError within a frame."""
        if not self.between:
            where = "value" if self._inside else "head"
            missing = f"{self._left} of {self._length} octets are missing" if self._inside else "the head is not whole"
            raise DecodeError(where, self._at, missing)


def _integer(octets: bytes) -> int:
    return int.from_bytes(octets, "big") & ((1 << (8 * len(octets) - 2)) - 1)


def decode_settings(octets: bytes) -> tuple[tuple[int, int], ...]:
    """The settings of an HTTP/3 SETTINGS frame in order, repetitions included; DecodeError."""
    reader = Reader(octets, "settings")
    found = []
    while reader.left:
        found.append((reader.varint("id"), reader.varint("value")))
    return tuple(found)
