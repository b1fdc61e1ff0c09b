"""UDP payloads (RFC 9298, Sections 4 and 5) in QUIC datagrams and DATAGRAM capsules (RFC 9297, Sections 2.1 and 3.5).

The parts have the same names in both: `payload.context` and `payload.udp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.wire import VARINT_MAX, DecodeError, Get, Message, Reader, Varint
from conformance.wire.http import DATAGRAM, FrameReader, Piece, datagram

PAYLOAD_MAX = 65527
"""The largest UDP payload (RFC 9298, Section 5)."""
LINK_MAX = 65507
"""The largest UDP payload that an IPv4 packet can carry: more need not pass (RFC 9298, Section 5)."""
CONTEXT_MAX = VARINT_MAX
WIDTH_MAX = 8


def udp_payload(octets: Any, context: int = 0) -> Message:
    """An HTTP datagram's payload: `context` and `udp`."""
    return Message(context=Varint(context), udp=octets)


def quic_datagram(quarter: int, payload: Any) -> Message:
    """The payload of a QUIC DATAGRAM frame: `quarter` and `payload`."""
    return datagram(quarter, payload)


def _length(get: Get) -> Varint:
    return Varint(len(get("payload")))


def capsule_datagram(payload: Any) -> Message:
    """A DATAGRAM capsule: `type`, `length` and `payload`."""
    return Message(type=Varint(DATAGRAM), length=_length, payload=payload)


def grease(n: int) -> int:
    """The nth capsule type that is reserved to be unknown (RFC 9297, Section 5.4)."""
    return 0x29 * n + 0x17


def unknown_capsule(kind: int | Varint, value: bytes) -> Message:
    """A capsule of any type: `type`, `length` and `payload`."""
    return Message(type=kind if isinstance(kind, Varint) else Varint(kind), length=_length, payload=value)


@dataclass(frozen=True, slots=True)
class Payload:
    """One HTTP datagram that was read: its context, and what follows it."""

    context: int
    octets: bytes


def decode_payload_untrusted(octets: bytes) -> Payload:
    """The payload of an HTTP datagram; DecodeError without a context, or for a UDP payload that is too large."""
    reader = Reader(octets, "payload")
    context = reader.varint("context")
    rest = reader.rest()
    if context == 0 and len(rest) > PAYLOAD_MAX:
        raise reader.fail("udp", f"{len(rest)} octets are more than a UDP payload has", len(octets) - len(rest))
    return Payload(context, rest)


CUT = "cut short"
"""How the reason of a stream that ends within a capsule begins."""


class CapsuleStream:
    """Reads a data stream strictly: the HTTP datagrams in it, whatever else it holds being skipped. No I/O.

    What is too large for a UDP payload is told as soon as that is known, and never kept (RFC 9298, Section 5).
    """

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._value = bytearray()
        self._skipping = False

    @property
    def between(self) -> bool:
        """Whether no capsule is begun."""
        return self._frames.between

    def feed(self, data: bytes) -> list[bytes]:
        """Take octets; the payloads of the HTTP datagrams that became whole. DecodeError for one that is too large."""
        whole = []
        for piece in self._frames.feed(data):
            if piece.first:
                self._value.clear()
                self._skipping = piece.type != DATAGRAM
            if self._skipping:
                continue
            self._value += piece.octets
            if piece.length > PAYLOAD_MAX + 1:
                self._too_large(piece)
            if piece.last and not self._skipping:
                whole.append(bytes(self._value))
        return whole

    def _too_large(self, piece: Piece) -> None:
        """Skip a datagram that is too large for a known context, or refuse it where it is in context 0."""
        reader = Reader(bytes(self._value[:WIDTH_MAX]), "capsule")
        try:
            context = reader.varint("context")
        except DecodeError:
            return
        if context == 0 and piece.length - reader.at > PAYLOAD_MAX:
            raise reader.fail("udp", f"{piece.length - reader.at} octets are more than a UDP payload has", piece.at)
        if context != 0:
            self._skipping = True
            self._value.clear()

    def end(self) -> None:
        """The stream is over; DecodeError within a capsule (RFC 9297, Section 3.3)."""
        try:
            self._frames.end()
        except DecodeError as why:
            raise DecodeError("capsule", why.offset, f"{CUT}: {why.reason}") from why
