"""Encapsulated keys that are no public keys (RFC 9458, Section 4.3; RFC 9180, Section 7.1.4).

Each is sealed as it would be for a gateway that makes no check, so that nothing but the check can refuse it.
"""

from typing import Any

from conformance.cases import case, flip, put
from conformance.crypto import SUITES, Suite, generate
from conformance.protocols.ohttp.cases._points import other_forms
from conformance.protocols.ohttp.cases.gateway._early import REFUSED
from conformance.protocols.ohttp.exchanges import ask, fetch


def _with(*kems: int) -> dict[str, Any]:
    return {"suite": [s.name for s in SUITES if s.kem in kems], "http": "first"}


def _point(number: int, length: int) -> bytes:
    return number.to_bytes(length, "little")


_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1

SMALL_ORDER_25519 = {
    "zero": bytes(32),
    "one": _point(1, 32),
    "of order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "of order 8, the other": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "minus one": _point(_P25519 - 1, 32),
    "the prime": _point(_P25519, 32),
    "the prime and one": _point(_P25519 + 1, 32),
    "zero with the unused bit": _point(1 << 255, 32),
}
SMALL_ORDER_448 = {
    "zero": bytes(56),
    "one": _point(1, 56),
    "minus one": _point(_P448 - 1, 56),
    "the prime": _point(_P448, 56),
    "the prime and one": _point(_P448 + 1, 56),
}


@case(
    fetch,
    "rfc9458/4.3/invalid-enc-refused",
    "rfc9180/7.1.4/zero-shared-secret-refused",
    **REFUSED,
    where=_with(0x0020),
    each=SMALL_ORDER_25519,
)
def x25519_point_of_small_order(point):
    """The encapsulated key is one for which the shared secret is zero, whatever the private key; sealed for zeros."""
    return put("request.enc", point), put("request.dh", bytes(32))


@case(
    fetch,
    "rfc9458/4.3/invalid-enc-refused",
    "rfc9180/7.1.4/zero-shared-secret-refused",
    **REFUSED,
    where=_with(0x0021),
    each=SMALL_ORDER_448,
)
def x448_point_of_small_order(point):
    """The encapsulated key is one for which the shared secret is zero, whatever the private key; sealed for zeros."""
    return put("request.enc", point), put("request.dh", bytes(56))


P_CURVES = (0x0010, 0x0011, 0x0012)
VALIDATED = ("rfc9458/4.3/invalid-enc-refused", "rfc9180/7.1.4/public-keys-and-enc-validated")


@case(
    fetch,
    *VALIDATED,
    **REFUSED,
    where=_with(*P_CURVES),
    each={"last octet of y": -1, "an octet of y": -20, "an octet of x": 9},
)
def point_off_the_curve(at):
    """One bit of a coordinate is wrong, so that the point is not on the curve."""
    return flip("request.enc", at)


@case(
    fetch,
    *VALIDATED,
    **REFUSED,
    where=_with(*P_CURVES),
    each={"even y": 0x04 ^ 0x02, "odd y": 0x04 ^ 0x03, "hybrid, even y": 0x04 ^ 0x06, "hybrid, odd y": 0x04 ^ 0x07},
)
def point_of_another_form(mask):
    """The first octet says that the point is compressed or hybrid; both coordinates follow all the same."""
    return flip("request.enc", 0, mask)


@case(fetch, "rfc9180/7.1.1/uncompressed-points-only", **REFUSED, where=_with(*P_CURVES))
async def point_in_another_form(bench):
    """The encapsulated key is the point that the request is sealed with, in another form than the uncompressed one."""
    pair = generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)
    for form, point in other_forms(pair.public).items():
        part = bench.part(form, put("request.enc", point))
        asked = await ask(part, await part.connect(), ephemeral=pair)
        await asked.answer()


@case(fetch, *VALIDATED, **REFUSED, where=_with(*P_CURVES))
async def point_that_is_none(bench):
    """The encapsulated key is the point at infinity as somebody might write it, or coordinates beyond the field."""
    length = Suite.parse(bench.variant["suite"]).kem_info.enc_length
    for name, point in {
        "zeros": bytes(length),
        "origin": b"\x04" + bytes(length - 1),
        "beyond the field": b"\x04" + b"\xff" * (length - 1),
        "all ones": b"\xff" * length,
    }.items():
        await fetch(bench.part(name, put("request.enc", point)))


@case(
    fetch, *VALIDATED, **REFUSED, where=_with(*P_CURVES), each={"infinity": b"\0", "compressed": b"\x02" + b"\x6b" * 32}
)
def point_of_another_length(point):
    """The encapsulated key is a point written shorter than the KEM says."""
    return put("request.enc", point)
