"""The curve edwards25519 (RFC 7748, 4.1; octets as in RFC 8032, 5.1) and the group ristretto255 made of it (RFC 9496).

Points are in extended coordinates: (X, Y, Z, T) stands for x = X/Z, y = Y/Z, and T = XY/Z.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from conformance.crypto._group import Element, Group
from conformance.crypto.hash_to_curve import expand_message_xmd, hash_to_field
from conformance.wire import Reader

Point = tuple[int, int, int, int]

P = 2**255 - 19
ORDER = 2**252 + 0x14DEF9DE_A2F79CD6_5812631A_5CF5D3ED
_D = -121665 * pow(121666, -1, P) % P
_SQRT_M1 = pow(2, (P - 1) // 4, P)
_J = 486662  # of curve25519 (RFC 7748, 4.1)


class _Curve25519(Group):
    """What both groups share: the arithmetic, and the scalars."""

    order = ORDER
    element_length = scalar_length = 32
    hash = "sha512"
    _scalar_order = "little"

    def __init__(self, integer: Callable[[int], int] = int) -> None:
        self.fast = integer is not int
        self._integer = integer
        self._p = integer(P)
        self._d = integer(_D)
        self._sqrt_m1 = integer(_SQRT_M1)
        self.identity = Element(self, (integer(0), integer(1), integer(1), integer(0)))
        y = integer(4 * pow(5, -1, P) % P)
        _, x = self._sqrt_ratio(y * y - 1, self._d * y * y + 1)
        self.generator = Element(self, (x, y, integer(1), x * y % P))

    # --- Arithmetic (hyperelliptic.org/EFD, twisted/extended-1: dbl-2008-hwcd, add-2008-hwcd-3) ----------------------

    def _double(self, point: Point) -> Point:
        x, y, z, _ = point
        p = self._p
        a = x * x % p
        b = y * y % p
        e = (x + y) * (x + y) - a - b
        g = b - a
        f = g - 2 * z * z
        h = -a - b
        return e * f % p, g * h % p, f * g % p, e * h % p

    def _add(self, one: Point, other: Point) -> Point:
        x1, y1, z1, t1 = one
        x2, y2, z2, t2 = other
        p = self._p
        a = (y1 - x1) * (y2 - x2) % p
        b = (y1 + x1) * (y2 + x2) % p
        c = 2 * self._d * t1 * t2 % p
        d = 2 * z1 * z2
        e, f, g, h = b - a, d - c, d + c, b + a
        return e * f % p, g * h % p, f * g % p, e * h % p

    def _negate(self, point: Point) -> Point:
        return -point[0] % self._p, point[1], point[2], -point[3] % self._p

    def _sqrt_ratio(self, u: int, v: int) -> tuple[bool, int]:
        """Whether u/v is a square, and the even root of it or else of √-1 u/v (RFC 9496, 4.2, SQRT_RATIO_M1)."""
        p = self._p
        u %= p
        root = u * pow(v, 3, p) * pow(u * pow(v, 7, p), (p - 5) // 8, p) % p
        check = v * root * root % p
        negated = -u % p
        if check in (negated, negated * self._sqrt_m1 % p):
            root = root * self._sqrt_m1 % p
        return check in (u, negated), self._even(root)

    def _even(self, number: int) -> int:
        """The number or its negative, whichever is even: what is called the absolute value."""
        return self._p - number if number & 1 else number

    def _read(self, reader: Reader, bits: int) -> int:
        """That many bits of 32 octets, the least significant first; DecodeError unless they are below the prime."""
        if reader.left != self.element_length:
            raise reader.fail("", f"{reader.left} octets, not {self.element_length}")
        number = self._integer(int.from_bytes(reader.data, "little") & ((1 << bits) - 1))
        if number >= self._p:
            raise reader.fail("", "not below the field's prime")
        return number


class Edwards25519(_Curve25519):
    """The curve: eight times as many points as the group of prime order that the generator spans."""

    name = "edwards25519"
    cofactor = 8
    _scalar_width = 48

    def _decode(self, reader: Reader) -> Point:
        y = self._read(reader, 255)
        sign = reader.data[-1] >> 7
        square, x = self._sqrt_ratio(y * y - 1, self._d * y * y + 1)
        if not square:
            raise reader.fail("", "no point of the curve has this coordinate")
        if not x and sign:
            raise reader.fail("", "a sign for zero", 31)
        if sign:
            x = self._p - x
        return x, y, self._integer(1), x * y % self._p

    def _encode(self, point: Point) -> bytes:
        inverse = pow(point[2], -1, self._p)
        x, y = point[0] * inverse % self._p, point[1] * inverse % self._p
        return int(y | (x & 1) << 255).to_bytes(32, "little")

    def _hash(self, message: bytes, domain: bytes) -> Point:
        one, other = hash_to_field(self.hash, message, domain, P, self._scalar_width, 2)
        return self._clear(self._add(self._map(one), self._map(other)))

    def encode_to_group(self, message: bytes, domain: bytes) -> Element:
        """The message's element by one map only, hence not uniform (RFC 9380, 3, encode_to_curve)."""
        (one,) = hash_to_field(self.hash, message, domain, P, self._scalar_width, 1)
        return Element(self, self._clear(self._map(one)))

    def _clear(self, point: Point) -> Point:
        return self._double(self._double(self._double(point)))

    def _map(self, field: int) -> Point:
        """Elligator 2 on curve25519, taken over to this curve (RFC 9380, 6.7.1 and 6.8.2)."""
        p = self._p
        u = self._integer(field)
        s = -_J * pow(1 + 2 * u * u, -1, p) % p  # 1 + 2u² is never zero: -2 is no square
        square, t = self._sqrt_ratio(((s + _J) * s + 1) * s, self._integer(1))
        if square:
            t = -t % p  # the odd root here, the even one below
        else:
            s = (-s - _J) % p
            _, t = self._sqrt_ratio(((s + _J) * s + 1) * s, self._integer(1))
        _, c = self._sqrt_ratio(self._integer(-_J - 2), self._integer(1))
        if not t:
            identity: Point = self.identity.point
            return identity
        return c * s * (s + 1) % p, (s - 1) * t % p, t * (s + 1) % p, c * s * (s - 1) % p


class Ristretto255(_Curve25519):
    """The group of prime order; its elements are classes of points, of which the representative does not matter."""

    name = "ristretto255"
    cofactor = 1

    def __init__(self, integer: Callable[[int], int] = int) -> None:
        super().__init__(integer)
        self._one_less_d_squared = (1 - self._d * self._d) % P
        self._d_less_one_squared = (self._d - 1) ** 2 % P
        _, self._inverse_sqrt_a_less_d = self._sqrt_ratio(integer(1), -1 - self._d)
        _, root = self._sqrt_ratio(-self._d - 1, integer(1))
        self._sqrt_ad_less_one = P - root  # the odd one (RFC 9496, 4.1)

    def one_way_map(self, octets: bytes) -> Element:
        """The element of 64 random octets (RFC 9496, 4.3.4)."""
        return Element(self, self._from_uniform(octets))

    def hash_to_scalar(self, message: bytes, domain: bytes) -> int:
        """The message's scalar in that domain: 64 octets, the least significant first (RFC 9497, 4.1)."""
        return int.from_bytes(expand_message_xmd(self.hash, message, domain, 64), "little") % ORDER

    def _hash(self, message: bytes, domain: bytes) -> Any:
        return self._from_uniform(expand_message_xmd(self.hash, message, domain, 64))

    def _decode(self, reader: Reader) -> Any:
        s = self._read(reader, 256)
        if s & 1:
            raise reader.fail("", "negative")
        p = self._p
        ss = s * s % p
        u1, u2 = 1 - ss, 1 + ss
        v = (-self._d * u1 * u1 - u2 * u2) % p
        square, inverse = self._sqrt_ratio(self._integer(1), v * u2 * u2)
        x = self._even(2 * s * inverse * u2 % p)
        y = u1 * inverse * inverse * u2 * v % p
        t = x * y % p
        if not square or t & 1 or not y:
            raise reader.fail("", "no element has this encoding")
        return x, y, self._integer(1), t

    def _encode(self, point: Any) -> bytes:
        x, y, z, t = point
        p = self._p
        u1 = (z + y) * (z - y) % p
        u2 = x * y % p
        _, inverse = self._sqrt_ratio(self._integer(1), u1 * u2 * u2)
        den1, den2 = inverse * u1, inverse * u2
        z_inverse = den1 * den2 * t % p
        if t * z_inverse % p & 1:
            x, y, den2 = y * self._sqrt_m1 % p, x * self._sqrt_m1 % p, den1 * self._inverse_sqrt_a_less_d
        if x * z_inverse % p & 1:
            y = -y
        return int(self._even(den2 * (z - y) % p)).to_bytes(32, "little")

    def _from_uniform(self, octets: bytes) -> Any:
        mask = (1 << 255) - 1  # the top bit is ignored
        one, other = (int.from_bytes(half, "little") & mask for half in (octets[:32], octets[32:]))
        return self._add(self._map(one), self._map(other))

    def _map(self, field: int) -> Point:
        """One half of the one-way map (RFC 9496, 4.3.4, MAP)."""
        p = self._p
        t = self._integer(field % P)
        r = self._sqrt_m1 * t * t % p
        u = (r + 1) * self._one_less_d_squared
        v = (-1 - r * self._d) * (r + self._d) % p
        square, s = self._sqrt_ratio(u, v)
        c = self._integer(-1)
        if not square:
            s = -self._even(s * t % p)
            c = r
        n = c * (r - 1) * self._d_less_one_squared - v
        w0, w1, w2, w3 = 2 * s * v, n * self._sqrt_ad_less_one, 1 - s * s, 1 + s * s
        return w0 * w3 % p, w2 * w1 % p, w1 * w3 % p, w0 * w2 % p


class SodiumRistretto255(Ristretto255):
    """The same by libsodium, through rbcl: points are their encodings."""

    def __init__(self, rbcl: Any) -> None:
        super().__init__()
        self.fast = True
        self._rbcl = rbcl
        self.generator = Element(self, super()._encode(self.generator.point))
        self.identity = Element(self, bytes(32))

    def _decode(self, reader: Reader) -> Any:
        canonical = self._read(reader, 256)  # libsodium before 1.0.19 does not look at the top bit
        if canonical & 1 or not self._rbcl.crypto_core_ristretto255_is_valid_point(reader.data):
            super()._decode(reader)  # says what is wrong
        return reader.data

    def _encode(self, point: bytes) -> bytes:
        return point

    def _add(self, one: Any, other: Any) -> Any:
        return self._rbcl.crypto_core_ristretto255_add(one, other)

    def _negate(self, point: Any) -> Any:
        return self._rbcl.crypto_core_ristretto255_sub(self.identity.point, point)

    def _combine(self, scalars: Sequence[int], points: Sequence[Any]) -> Any:
        total = self.identity.point
        for scalar, point in zip(scalars, points, strict=True):
            octets = self.encode_scalar(scalar)
            if any(octets) and any(point):  # libsodium refuses products that are the identity
                total = self._add(total, self._rbcl.crypto_scalarmult_ristretto255(octets, point))
        return total

    def _from_uniform(self, octets: bytes) -> Any:
        return self._rbcl.crypto_core_ristretto255_from_hash(octets)
