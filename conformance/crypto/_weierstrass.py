"""The curves P-256, P-384 and P-521 (SP 800-186, 3.2.1): compressed points (SEC 1, 2.3.3) and hashing (RFC 9380, 8).

Points are Jacobian: (X, Y, Z) stands for x = X/Z², y = Y/Z³, and Z = 0 for the point at infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.crypto._group import Element, Group
from conformance.crypto.hash_to_curve import hash_to_field
from conformance.wire import Reader

Point = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Curve:
    """The numbers of y² = x³ - 3x + b over a prime field, and of its hashing: Z and L of RFC 9380, 8.2 and 8.3."""

    name: str
    p: int
    b: int
    order: int
    generator: tuple[int, int]
    hash: str
    z: int
    width: int


P256 = Curve(
    "P-256",
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    0x5AC635D8_AA3A93E7_B3EBBD55_769886BC_651D06B0_CC53B0F6_3BCE3C3E_27D2604B,
    0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551,
    (
        0x6B17D1F2_E12C4247_F8BCE6E5_63A440F2_77037D81_2DEB33A0_F4A13945_D898C296,
        0x4FE342E2_FE1A7F9B_8EE7EB4A_7C0F9E16_2BCE3357_6B315ECE_CBB64068_37BF51F5,
    ),
    "sha256",
    -10,
    48,
)
P384 = Curve(
    "P-384",
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7_E23EE7E4_988E056B_E3F82D19_181D9C6E_FE814112_0314088F_5013875A_C656398D_8A2ED19D_2A85C8ED_D3EC2AEF,
    0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_C7634D81_F4372DDF_581A0DB2_48B0A77A_ECEC196A_CCC52973,
    (
        0xAA87CA22_BE8B0537_8EB1C71E_F320AD74_6E1D3B62_8BA79B98_59F741E0_82542A38_5502F25D_BF55296C_3A545E38_72760AB7,
        0x3617DE4A_96262C6F_5D9E98BF_9292DC29_F8F41DBD_289A147C_E9DA3113_B5F0B8C0_0A60B1CE_1D7E819D_7A431D7C_90EA0E5F,
    ),
    "sha384",
    -12,
    72,
)
P521 = Curve(
    "P-521",
    2**521 - 1,
    int(
        "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF07"
        "3573DF883D2C34F1EF451FD46B503F00",
        16,
    ),
    2**521 - 2**260 + 0xA_51868783_BF2F966B_7FCC0148_F709A5D0_3BB5C9B8_899C47AE_BB6FB71E_91386409,
    (
        int(
            "00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE"
            "3348B3C1856A429BF97E7E31C2E5BD66",
            16,
        ),
        int(
            "011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761"
            "353C7086A272C24088BE94769FD16650",
            16,
        ),
    ),
    "sha512",
    -4,
    98,
)


class Weierstrass(Group):
    """The group of such a curve; `integer` makes the numbers of its arithmetic."""

    cofactor = 1
    _scalar_order = "big"

    def __init__(self, curve: Curve, integer: Callable[[int], int] = int) -> None:
        self.name = curve.name
        self.order = curve.order
        self.hash = curve.hash
        self.fast = integer is not int
        self.scalar_length = (curve.order.bit_length() + 7) // 8
        self.element_length = 1 + self.scalar_length
        self._scalar_width = curve.width
        self._integer = integer
        self._curve = curve
        self._p = integer(curve.p)
        self._b = integer(curve.b)
        self._root = (self._p + 1) // 4  # both primes are 3 modulo 4
        self.identity = Element(self, (integer(1), integer(1), integer(0)))
        x, y = curve.generator
        self.generator = Element(self, (integer(x), integer(y), integer(1)))

    # --- Octets ------------------------------------------------------------------------------------------------------

    def _decode(self, reader: Reader) -> Point:
        octets = reader.data
        if octets == b"\0":
            point: Point = self.identity.point
            return point
        if len(octets) != self.element_length:
            raise reader.fail("", f"{len(octets)} octets, not {self.element_length}")
        if octets[0] not in {2, 3}:
            raise reader.fail("", f"the form {octets[0]:#04x} is not that of a compressed point")
        x = self._integer(int.from_bytes(octets[1:], "big"))
        if x >= self._p:
            raise reader.fail("", "the coordinate is not below the field's prime", 1)
        square = self._equation(x)
        y = pow(square, self._root, self._p)
        if y * y % self._p != square:
            raise reader.fail("", "no point of the curve has this coordinate", 1)
        return x, y if y & 1 == octets[0] & 1 else self._p - y, self._integer(1)  # the order is odd: y is never zero

    def _encode(self, point: Point) -> bytes:
        if not point[2]:
            return b"\0"
        x, y = self._affine(point)
        return bytes([2 | y & 1]) + x.to_bytes(self.scalar_length, "big")

    def coordinates(self, element: Element) -> tuple[int, int]:
        """The affine x and y; ValueError for the identity, which has none."""
        if element.identity:
            raise ValueError("the point at infinity has no coordinates")
        return self._affine(element.point)

    def _affine(self, point: Point) -> tuple[int, int]:
        inverse = pow(point[2], -1, self._p)
        square = inverse * inverse % self._p
        return int(point[0] * square % self._p), int(point[1] * square * inverse % self._p)

    def _equation(self, x: int) -> int:
        return ((x * x - 3) * x + self._b) % self._p

    # --- Arithmetic (hyperelliptic.org/EFD, shortw/jacobian-3: dbl-2001-b, add-1998-cmo-2) ----------------------------

    def _double(self, point: Point) -> Point:
        x, y, z = point
        p = self._p
        delta = z * z % p
        gamma = y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        x3 = (alpha * alpha - 8 * beta) % p
        z3 = 2 * y * z % p
        return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p, z3

    def _add(self, one: Point, other: Point) -> Point:
        x1, y1, z1 = one
        x2, y2, z2 = other
        if not z1:
            return other
        if not z2:
            return one
        p = self._p
        zz1 = z1 * z1 % p
        zz2 = z2 * z2 % p
        u1 = x1 * zz2 % p
        s1 = y1 * z2 * zz2 % p
        h = (x2 * zz1 - u1) % p
        r = (y2 * z1 * zz1 - s1) % p
        if not h:
            identity: Point = self.identity.point
            return identity if r else self._double(one)
        hh = h * h % p
        hhh = h * hh % p
        v = u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s1 * hhh) % p, z1 * z2 * h % p

    def _negate(self, point: Point) -> Point:
        return point[0], -point[1] % self._p, point[2]

    # --- Hashing -----------------------------------------------------------------------------------------------------

    def _hash(self, message: bytes, domain: bytes) -> Point:
        one, other = hash_to_field(self.hash, message, domain, self._curve.p, self._curve.width, 2)
        return self._add(self._map(one), self._map(other))

    def encode_to_group(self, message: bytes, domain: bytes) -> Element:
        """The message's element by one map only, hence not uniform (RFC 9380, 3, encode_to_curve)."""
        (one,) = hash_to_field(self.hash, message, domain, self._curve.p, self._curve.width, 1)
        return Element(self, self._map(one))

    def _map(self, field: int) -> Point:
        """The simplified map of Shallue, van de Woestijne and Ulas (RFC 9380, 6.6.2), for A = -3."""
        p = self._p
        u = self._integer(field)
        zu = self._curve.z * u * u % p
        t = (zu * zu + zu) % p
        numerator = self._b * (t + 1)
        denominator = 3 * t if t else 3 * -self._curve.z  # -A times what divides it; where t is zero Z A
        x = numerator * pow(denominator, -1, p) % p
        square = self._equation(x)
        y = pow(square, self._root, p)
        if y * y % p != square:
            x = zu * x % p
            square = self._equation(x)
            y = pow(square, self._root, p)
        if y & 1 != u & 1:
            y = p - y
        return x, y, self._integer(1)
