"""Public keys that are none (RFC 9180, Section 7.1.4), as changes of any part that holds a public key."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.cases import flip, put
from conformance.model import Change

P_SUITES = ("0010/0001/0001", "0011/0002/0002", "0012/0003/0002")
"""One suite of each P curve."""

ZERO_25519: Mapping[str, bytes] = {
    "0": bytes(32),
    "1": b"\1" + bytes(31),
    "a point of order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "the other point of order 8": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "p - 1": b"\xec" + b"\xff" * 30 + b"\x7f",
    "p": b"\xed" + b"\xff" * 30 + b"\x7f",
    "p + 1": b"\xee" + b"\xff" * 30 + b"\x7f",
    "0 with its top bit set": bytes(31) + b"\x80",
    "p with its top bit set": b"\xed" + b"\xff" * 31,
}
"""Public keys of X25519 with which every private key shares zero (RFC 7748, Section 6.1)."""

_P448 = 2**448 - 2**224 - 1
ZERO_448: Mapping[str, bytes] = {
    name: value.to_bytes(56, "little")
    for name, value in {"0": 0, "1": 1, "p - 1": _P448 - 1, "p": _P448, "p + 1": _P448 + 1}.items()
}
"""The same of X448 (RFC 7748, Section 6.2)."""

_SIZES = {"P-256": 65, "P-384": 97, "P-521": 133}


def no_points(place: str, curve: str) -> Mapping[str, Change]:
    """Changes after which no point of a curve stands in a place, in as many octets as one has."""
    size = _SIZES[curve]
    return {
        "off the curve": flip(place, -1),
        "x past the field": put(place, b"\4" + b"\xff" * (size - 1)),
        "x and y zero": put(place, b"\4" + bytes(size - 1)),
        "all octets zero": put(place, bytes(size)),
    }


def other_forms(public: bytes) -> Mapping[str, bytes]:
    """A point of a P curve, given in the uncompressed form, in the others that SEC 1 and X9.62 have for it."""
    odd, half = public[-1] & 1, len(public) // 2
    return {
        "hybrid": bytes([0x06 | odd]) + public[1:],
        "hybrid, y of the other parity": bytes([0x06 | odd ^ 1]) + public[1:],
        "compressed": bytes([0x02 | odd]) + public[1 : half + 1],
        "compressed, with y behind it": bytes([0x02 | odd]) + public[1:],
        "the mark of infinity in front": b"\0" + public[1:],
    }


FORMS = tuple(other_forms(bytes(65)))
