"""Reading and writing the pieces of wire formats: TLS presentation language, QUIC variable-length integers.

Decoders read through a `Reader` and raise `DecodeError` for any octets that they cannot take, and nothing else.
"""

from __future__ import annotations

VARINT_MAX = (1 << 62) - 1
"""The largest QUIC variable-length integer (RFC 9000, Section 16)."""


class DecodeError(Exception):
    """The one exception of every decoder: where (path and offset of the octet) and why."""

    def __init__(self, path: str, offset: int, reason: str) -> None:
        super().__init__(f"{path or 'message'} at octet {offset}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason


def varint_width(value: int) -> int:
    """How many octets the shortest form of a variable-length integer has (RFC 9000, Section 16)."""
    if value < 1 << 6:
        return 1
    if value < 1 << 14:
        return 2
    return 4 if value < 1 << 30 else 8


def encode_varint(value: int, width: int = 0) -> bytes:
    """Encode in `width` octets (1, 2, 4 or 8; 0: the shortest); ValueError when there is no such form."""
    if not width and 0 <= value < 1 << 6:
        return bytes((value,))
    width = width or varint_width(value)
    if width not in {1, 2, 4, 8} or not 0 <= value < 1 << (8 * width - 2):
        msg = f"{value} does not fit a variable-length integer of {width} octets"
        raise ValueError(msg)
    return (value | (width.bit_length() - 1) << (8 * width - 2)).to_bytes(width, "big")


class Reader:
    """Octets read from the front. `path` names what is read, `base` is the offset of the first octet in the whole."""

    __slots__ = ("at", "base", "data", "path")

    def __init__(self, data: bytes, path: str = "", base: int = 0) -> None:
        self.data = data
        self.path = path
        self.base = base
        self.at = 0

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self.data) - self.at

    @property
    def offset(self) -> int:
        """The offset of the next octet in the whole message."""
        return self.base + self.at

    def fail(self, name: str, reason: str, at: int | None = None) -> DecodeError:
        """The error to raise about the part `name`, at the next octet unless `at` (from here on) says otherwise."""
        where = f"{self.path}.{name}" if self.path and name else self.path or name
        return DecodeError(where, self.offset if at is None else self.base + at, reason)

    def take(self, n: int, name: str) -> bytes:
        """Exactly n octets."""
        if n > self.left:
            raise self.fail(name, f"{n} octets wanted, {self.left} left")
        self.at += n
        return self.data[self.at - n : self.at]

    def uint(self, size: int, name: str) -> int:
        """An unsigned integer of `size` octets, network order."""
        return int.from_bytes(self.take(size, name), "big")

    def varint(self, name: str) -> int:
        """A QUIC variable-length integer in any of its widths."""
        if not self.left:
            raise self.fail(name, "an integer wanted, nothing left")
        width = 1 << (self.data[self.at] >> 6)
        if width > self.left:
            raise self.fail(name, f"an integer of {width} octets wanted, {self.left} left")
        return int.from_bytes(self.take(width, name), "big") & ((1 << (8 * width - 2)) - 1)

    def sub(self, n: int, name: str) -> Reader:
        """A reader over the next n octets."""
        base = self.offset
        path = f"{self.path}.{name}" if self.path else name
        return Reader(self.take(n, name), path, base)

    def rest(self) -> bytes:
        """All that is left."""
        taken = self.data[self.at :]
        self.at = len(self.data)
        return taken

    def end(self, name: str = "") -> None:
        """Refuse octets that are left over."""
        if self.left:
            raise self.fail(name, f"{self.left} octets too many")
