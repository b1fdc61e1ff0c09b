"""Protocol Buffers as far as AKD and Plexi need them: fields as recipes, and a reader.

Encoding: protobuf.dev, "Encoding". The reader takes fields in any order, passes over unknown ones, and of a field that
may stand once it takes the last, as the format says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from conformance.wire import DecodeError, Many, Message

VARINT, LENGTH = 0, 2
"""The wire types that we write."""


def base128(number: int) -> bytes:
    """The octets of a varint of this format: seven bits each, the lowest first."""
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*octets, number])


def number_field(place: int, number: int) -> Message:
    """A field that is a number, with the parts `tag` and `value`; the value's octets can be put."""
    return Message(tag=base128(place << 3 | VARINT), value=base128(number))


def octets_field(place: int, value: Any) -> Message:
    """A field of octets or of a message, with the parts `tag`, `length` and `value`; the length follows the value."""
    return Message(
        tag=base128(place << 3 | LENGTH),
        length=lambda get: base128(len(get("value"))),
        value=value,
    )


def repeated(place: int, values: Iterable[Any]) -> Many:
    """A field that stands several times."""
    return Many([octets_field(place, value) for value in values])


class Fields:
    """The fields of one message; DecodeError where the octets are none."""

    def __init__(self, octets: bytes, path: str = "message") -> None:
        self.path = path
        self._numbers: dict[int, list[int]] = {}
        self._octets: dict[int, list[bytes]] = {}
        at = 0
        while at < len(octets):
            tag, at = self._varint(octets, at)
            place, kind = tag >> 3, tag & 7
            if kind == VARINT:
                number, at = self._varint(octets, at)
                self._numbers.setdefault(place, []).append(number)
            elif kind == LENGTH:
                length, at = self._varint(octets, at)
                self._octets.setdefault(place, []).append(self._take(octets, at, length))
                at += length
            elif kind in {1, 5}:
                self._take(octets, at, 8 if kind == 1 else 4)
                at += 8 if kind == 1 else 4
            else:
                raise DecodeError(path, at, f"a field of wire type {kind}")
            if not place:
                raise DecodeError(path, at, "a field of number zero")

    def _take(self, octets: bytes, at: int, length: int) -> bytes:
        if at + length > len(octets):
            raise DecodeError(self.path, at, f"needs {length} octets, has {len(octets) - at}")
        return octets[at : at + length]

    def _varint(self, octets: bytes, at: int) -> tuple[int, int]:
        number = 0
        for width in range(10):
            if at + width >= len(octets):
                raise DecodeError(self.path, at, "a varint that does not end")
            number |= (octets[at + width] & 0x7F) << 7 * width
            if octets[at + width] < 0x80:
                return number & (1 << 64) - 1, at + width + 1
        raise DecodeError(self.path, at, "a varint of more than ten octets")

    def number(self, place: int, name: str, most: int = (1 << 64) - 1) -> int:
        """A number that must stand there."""
        if place not in self._numbers:
            raise DecodeError(f"{self.path}.{name}", 0, "missing")
        found = self._numbers[place][-1]
        if found > most:
            raise DecodeError(f"{self.path}.{name}", 0, f"more than {most}")
        return found

    def octets(self, place: int, name: str, length: int | None = None) -> bytes:
        """Octets that must stand there, of this length where one is given."""
        if place not in self._octets:
            raise DecodeError(f"{self.path}.{name}", 0, "missing")
        found = self._octets[place][-1]
        if length is not None and len(found) != length:
            raise DecodeError(f"{self.path}.{name}", 0, f"{len(found)} octets, not {length}")
        return found

    def message(self, place: int, name: str) -> Fields:
        """A message that must stand there."""
        return Fields(self.octets(place, name), f"{self.path}.{name}")

    def messages(self, place: int, name: str) -> Sequence[Fields]:
        """All messages that stand there."""
        return [Fields(o, f"{self.path}.{name}[{n}]") for n, o in enumerate(self._octets.get(place, ()))]

    def numbers(self, place: int) -> Sequence[int]:
        """All numbers that stand there, one by one or packed."""
        found = list(self._numbers.get(place, ()))
        for octets in self._octets.get(place, ()):
            at = 0
            while at < len(octets):
                number, at = self._varint(octets, at)
                found.append(number)
        return found
