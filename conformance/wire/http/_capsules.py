"""Capsules and HTTP datagrams (RFC 9297), and the field Capsule-Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.wire._codec import Reader
from conformance.wire._recipe import Message, Varint
from conformance.wire.http._fields import FieldLines, combined
from conformance.wire.http._frames import FrameReader, frame

DATAGRAM = 0x00
"""The type of the DATAGRAM capsule (RFC 9297, Section 3.5)."""
QUARTER_MAX = (1 << 60) - 1
"""The largest quarter stream ID (RFC 9297, Section 2.1)."""
KEPT = 1 << 20
"""Octets of a capsule's value that a reader keeps, unless told otherwise; the rest is counted."""


def capsule(kind: int | Varint, value: Any) -> Message:
    """A capsule: `type`, `length` and `value` (octets or any part of a recipe)."""
    return frame(kind, value)


def datagram(quarter: int | Varint, payload: Any) -> Message:
    """The payload of a QUIC DATAGRAM frame: `quarter` stream ID and `payload` (RFC 9297, Section 2.1)."""
    return Message(quarter=quarter if isinstance(quarter, Varint) else Varint(quarter), payload=payload)


def decode_datagram_untrusted(octets: bytes) -> tuple[int, bytes]:
    """Quarter stream ID and payload of a QUIC DATAGRAM frame; DecodeError, too large an ID included."""
    reader = Reader(octets, "datagram")
    quarter = reader.varint("quarter")
    if quarter > QUARTER_MAX:
        raise reader.fail("quarter", f"{quarter} is the quarter of no stream ID", 0)
    return quarter, reader.rest()


@dataclass(frozen=True, slots=True)
class Capsule:
    """A capsule that was read; `at` is its offset on the stream, `head` the octets of type and length.

    `value` has at most as many octets as the reader keeps; `length` is what was announced.
    """

    type: int
    length: int
    value: bytes
    at: int
    head: int


class CapsuleReader:
    """Reads capsules as their octets come, of any length and in any pieces. No I/O."""

    def __init__(self, kept: int = KEPT) -> None:
        self._frames = FrameReader()
        self._kept = kept
        self._value = bytearray()

    @property
    def between(self) -> bool:
        """Whether no capsule is begun."""
        return self._frames.between

    def feed(self, data: bytes) -> list[Capsule]:
        """Take octets; the capsules that became whole."""
        whole = []
        for piece in self._frames.feed(data):
            if piece.first:
                self._value.clear()
            self._value += piece.octets[: max(self._kept - len(self._value), 0)]
            if piece.last:
                whole.append(Capsule(piece.type, piece.length, bytes(self._value), piece.at, piece.head))
        return whole

    def end(self) -> None:
        """The stream is over; DecodeError within a capsule (RFC 9297, Section 3.3)."""
        self._frames.end()


def decode_capsules_untrusted(octets: bytes) -> tuple[Capsule, ...]:
    """All capsules of a whole stream; DecodeError where the last is cut short."""
    reader = CapsuleReader(len(octets))
    found = reader.feed(octets)
    reader.end()
    return tuple(found)


def capsule_protocol(fields: FieldLines) -> bool | None:
    """What the field Capsule-Protocol says; None where there is none, or where it is not a Boolean Item.

    A value of another type, and one that is no structured field, count as no field at all (RFC 9297, Section 3.4).
    """
    value = combined(fields, b"capsule-protocol")
    if value is None:
        return None
    import http_sf

    try:
        parsed: Any = http_sf.parse(value, tltype="item")
    except Exception:  # noqa: BLE001 - whatever the parser raises, it is no item
        return None
    return parsed[0] if isinstance(parsed[0], bool) else None
