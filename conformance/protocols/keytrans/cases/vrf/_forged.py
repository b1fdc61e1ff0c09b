"""Points that are none, points of small order, and proofs in which everything but one thing is right."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases import put
from conformance.crypto.groups import EDWARDS25519, P256, Element
from conformance.crypto.vrf import ECVRF, Suite
from conformance.model import Change
from conformance.wire import DecodeError

P_SUITES = ["ECVRF-P256-SHA256-TAI", "ECVRF-P256-SHA256-SSWU"]
ED_SUITES = ["ECVRF-EDWARDS25519-SHA512-TAI", "ECVRF-EDWARDS25519-SHA512-ELL2"]
P_FIELD, ED_FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1, 2**255 - 19


def _refused(octets: bytes, group: object) -> bool:
    try:
        (P256 if group is P256 else EDWARDS25519).decode(octets, identity=True)
    except DecodeError:
        return True
    return False


def _ed(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


NO_P256_POINTS = {
    "off the curve": next(o for x in range(1, 99) if _refused(o := b"\2" + x.to_bytes(32, "big"), P256)),
    "x = p": b"\2" + P_FIELD.to_bytes(32, "big"),
    "x = p + 5": b"\3" + (P_FIELD + 5).to_bytes(32, "big"),
    "all ones": b"\2" + b"\xff" * 32,
    "33 zeros": bytes(33),
}
"""33 octets that are no compressed point of P-256."""
NO_ED25519_POINTS = {
    "off the curve": next(o for y in range(2, 99) if _refused(o := _ed(y), EDWARDS25519)),
    "y = p": _ed(ED_FIELD),
    "y = p + 1": _ed(ED_FIELD + 1),
    "y = p + 1 and a sign": _ed(ED_FIELD + 1, 1),
    "y = p + 3": _ed(ED_FIELD + 3),
    "y = p + 18": _ed(ED_FIELD + 18),
    "a sign for x = 0": _ed(1, 1),
    "a sign for x = 0 and y = -1": _ed(ED_FIELD - 1, 1),
}
"""32 octets that are no point of edwards25519 (RFC 8032, 5.1.3)."""
OTHER_FORMS = (0, 1, 4, 5, 6, 7)
"""Marks in front of a point in other forms than the compressed one: hybrid, compact, uncompressed, and none at all."""


def puts(place: str, octets: dict[str, bytes], *, wire: bool = False) -> dict[str, Change]:
    """A change that puts each of these there."""
    return {name: put(place, value, wire=wire) for name, value in octets.items()}


def _torsion() -> list[Element]:
    """The eight points of small order, multiples of one of order eight."""
    for y in range(2, 99):
        try:
            point = EDWARDS25519.order * EDWARDS25519.decode(_ed(y), identity=True)
        except DecodeError:
            continue
        if not (4 * point).identity:
            return [n * point for n in range(8)]
    raise AssertionError("there is a point of order eight")


TORSION = _torsion()


def small_order_keys() -> dict[str, tuple[bytes, Element]]:
    """All 14 encodings that somebody may read as a point of small order, with that point; by name."""
    found = {f"{n} times the point of order 8": (point.encode(), point) for n, point in enumerate(TORSION)}
    by_y = {int.from_bytes(point.encode(), "little") & (1 << 255) - 1: point for point in TORSION}
    for name, y, sign in (
        ("y = p", 0, 0), ("y = p and a sign", 0, 1), ("y = p + 1", 1, 0), ("y = p + 1 and a sign", 1, 1),
    ):  # fmt: skip
        point = by_y[y]
        found[name] = (_ed(ED_FIELD + y, sign), -point if sign != point.encode()[31] >> 7 and y == 0 else point)
    found["y = 1 and a sign"] = (_ed(1, 1), by_y[1])
    found["y = -1 and a sign"] = (_ed(ED_FIELD - 1, 1), by_y[ED_FIELD - 1])
    return found


def under_small_order(vrf: ECVRF, key: bytes, point: Element, alpha: bytes) -> bytes:
    """A proof that holds under a public key of small order, for whoever reads `key` as `point`: nobody's secret.

    With Gamma of small order as well, U and V are multiples of the bases but for the challenge modulo 8, which is
    guessed.
    """
    h = vrf.encode_to_curve(key, alpha)
    for k in _numbers():
        for guess in range(8):
            off = guess * point
            c = vrf.challenge(point, h, point, k * vrf.group.generator - off, k * h - off)
            if c % 8 == guess:
                return point.encode() + vrf.octets(c, 16) + vrf.group.encode_scalar(k)
    raise AssertionError("some guess is right")


def proof_under(vrf: ECVRF, secret: bytes, key: bytes, alpha: bytes) -> bytes:
    """A proof that holds for whoever reads `key` as the public key, and takes its octets as the salt."""
    return _Salted(vrf.suite, key).prove(secret, alpha)


class _Salted(ECVRF):
    def __init__(self, suite: Suite, salt: bytes) -> None:
        super().__init__(suite)
        self.salt = salt

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        del salt
        return super().encode_to_curve(self.salt, alpha)


class _WithoutTheKey(ECVRF):
    def challenge(self, *points: Element) -> int:
        return super().challenge(*points[1:])


class _NoClosingOctet(ECVRF):
    def hash(self, *parts: bytes) -> bytes:
        return super().hash(*(parts[:-1] if parts[-1] == b"\0" and parts[1:2] == (b"\2",) else parts))


OLDER = {"the challenge lacks the key": _WithoutTheKey, "the challenge lacks its closing octet": _NoClosingOctet}
"""How older drafts than the RFC hash for the challenge."""


def with_torsion(vrf: ECVRF, secret: bytes, alpha: bytes) -> bytes:
    """A proof that holds with a Gamma beside the prime-order group: its challenge is a multiple of 8."""
    honest = vrf.decode_proof(vrf.prove(secret, alpha)).gamma
    gamma = put("proof.gamma", (honest + TORSION[1]).encode())
    for k in _numbers():
        octets = vrf.recipe(secret, alpha, k).build([gamma]).octets
        if octets[32] % 8 == 0:
            return octets
    raise AssertionError("some challenge is a multiple of 8")


def _numbers() -> Iterator[int]:
    return iter(range(2, 2000))
