"""What all groups share: the elements that others handle, and the steps that each curve has its own way for."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from conformance.crypto.hash_to_curve import hash_to_field
from conformance.wire import DecodeError, Reader

WINDOW = 5  # bits of the signed windows of a multiplication


class Element:
    """An element of a group: `a + b`, `a - b`, `-a`, `7 * a`, `a == b`, and its encoding.

    Multiplication takes any integer, also beyond the order. Elements of different groups do not mix.
    """

    __slots__ = ("_octets", "group", "point")

    def __init__(self, group: Group, point: Any, octets: bytes | None = None) -> None:
        self.group = group
        self.point = point  # in the group's own form
        self._octets = octets

    def encode(self) -> bytes:
        """The canonical octets."""
        if self._octets is None:
            self._octets = self.group._encode(self.point)  # noqa: SLF001 - a group and its elements are one thing
        return self._octets

    @property
    def identity(self) -> bool:
        """Whether it is the neutral element."""
        return self == self.group.identity

    def __add__(self, other: Element) -> Element:
        return Element(self.group, self.group._add(self.point, self.group._point(other)))

    def __neg__(self) -> Element:
        return Element(self.group, self.group._negate(self.point))  # noqa: SLF001

    def __sub__(self, other: Element) -> Element:
        return self + -other

    def __rmul__(self, scalar: int) -> Element:
        return self.group.combine((scalar,), (self,))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Element):
            return NotImplemented
        return self.group is other.group and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash((self.group.name, self.encode()))

    def __repr__(self) -> str:
        return f"<{self.group.name} {self.encode().hex()}>"


class Group(ABC):
    """A group of prime order, or a curve with such a subgroup where `cofactor` is not 1.

    Lengths in octets: `element_length` is Ne and `scalar_length` is Ns of RFC 9497, 2.1. `hash` is the algorithm of its
    hashing to the group, as hashlib names it. `fast` says whether an extension does the arithmetic.
    """

    name: str
    order: int
    cofactor: int
    element_length: int
    scalar_length: int
    hash: str
    fast: bool
    generator: Element
    identity: Element
    _scalar_order: Literal["big", "little"]
    _scalar_width: int  # L of RFC 9380, 5.1, for the order

    def __repr__(self) -> str:
        return f"<group {self.name}{', fast' if self.fast else ''}>"

    # --- Elements ----------------------------------------------------------------------------------------------------

    def decode(self, octets: bytes, path: str = "element", base: int = 0, *, identity: bool = False) -> Element:
        """The element of canonical octets; DecodeError for any others, and for the identity unless it is allowed.

        `base` is the offset of the octets in the whole message, for the error.
        """
        reader = Reader(octets, path, base)
        element = Element(self, self._decode(reader), octets)
        if not identity and element.identity:
            raise reader.fail("", "the identity element", 0)
        return element

    def hash_to_group(self, message: bytes, domain: bytes) -> Element:
        """The message's element in that domain, whose logarithm nobody knows (RFC 9380, 3, hash_to_curve)."""
        return Element(self, self._hash(message, domain))

    def combine(self, scalars: Sequence[int], elements: Sequence[Element]) -> Element:
        """The sum of products, faster than one by one; the identity for none. ValueError if their numbers differ."""
        return Element(self, self._combine([int(each) for each in scalars], [self._point(each) for each in elements]))

    # --- Scalars -----------------------------------------------------------------------------------------------------

    def decode_scalar(self, octets: bytes, path: str = "scalar", base: int = 0, *, zero: bool = True) -> int:
        """The scalar of exactly Ns octets; DecodeError for others, for the order or more, and for zero if refused."""
        if len(octets) != self.scalar_length:
            raise DecodeError(path, base, f"{len(octets)} octets, not {self.scalar_length}")
        scalar = int.from_bytes(octets, self._scalar_order)
        if scalar >= self.order:
            raise DecodeError(path, base, "not below the order of the group")
        if not scalar and not zero:
            raise DecodeError(path, base, "zero")
        return scalar

    def encode_scalar(self, scalar: int) -> bytes:
        """Ns octets of the scalar, reduced by the order."""
        return (scalar % self.order).to_bytes(self.scalar_length, self._scalar_order)

    def hash_to_scalar(self, message: bytes, domain: bytes) -> int:
        """The message's scalar in that domain (RFC 9497, 4)."""
        return hash_to_field(self.hash, message, domain, self.order, self._scalar_width, 1)[0]

    def random_scalar(self, rng: random.Random) -> int:
        """A scalar from 1 to the order less one, uniformly."""
        return rng.randrange(1, self.order)

    def invert(self, scalar: int) -> int:
        """The inverse modulo the order; ValueError for zero."""
        return pow(scalar, -1, self.order)

    # --- Each curve's own --------------------------------------------------------------------------------------------

    @abstractmethod
    def _decode(self, reader: Reader) -> Any:
        """The point of the reader's octets, the identity included; DecodeError if they are none's."""

    @abstractmethod
    def _encode(self, point: Any) -> bytes: ...

    @abstractmethod
    def _add(self, one: Any, other: Any) -> Any: ...

    @abstractmethod
    def _double(self, point: Any) -> Any: ...

    @abstractmethod
    def _negate(self, point: Any) -> Any: ...

    @abstractmethod
    def _hash(self, message: bytes, domain: bytes) -> Any: ...

    def _point(self, element: Element) -> Any:
        if element.group is not self:
            raise ValueError(f"an element of {element.group.name} does not belong to {self.name}")
        return element.point

    def _combine(self, scalars: Sequence[int], points: Sequence[Any]) -> Any:
        """The sum of products by signed windows, one run of doublings for all of them (Straus)."""
        steps: dict[int, list[Any]] = {}
        for scalar, point in zip(scalars, points, strict=True):
            base = point if scalar >= 0 else self._negate(point)
            odd: list[Any] = []
            for place, digit in _signed_windows(abs(scalar)):
                if not odd:
                    odd = self._odd_multiples(base)
                chosen = odd[abs(digit) >> 1]
                steps.setdefault(place, []).append(chosen if digit > 0 else self._negate(chosen))
        total = self.identity.point
        for place in range(max(steps, default=-1), -1, -1):
            total = self._double(total)
            for point in steps.get(place, ()):
                total = self._add(total, point)
        return total

    def _odd_multiples(self, point: Any) -> list[Any]:
        twice = self._double(point)
        odd = [point]
        while len(odd) < 1 << (WINDOW - 2):
            odd.append(self._add(odd[-1], twice))
        return odd


def _signed_windows(scalar: int) -> Iterator[tuple[int, int]]:
    """The places and odd digits, below half a window, that the scalar is the sum of (wNAF)."""
    place = 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        place += zeros
        digit = scalar & ((1 << WINDOW) - 1)
        if digit >> (WINDOW - 1):
            digit -= 1 << WINDOW
        yield place, digit
        scalar -= digit
