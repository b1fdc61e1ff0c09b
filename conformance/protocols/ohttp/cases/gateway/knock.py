"""Gateways whose KEM is none of ours: what can be seen before anything is opened (RFC 9458, Sections 4.3, 4.5, 5.2)."""

from typing import Any

from conformance.cases import case, cut, drop, flip, octets, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._early import by_text
from conformance.protocols.ohttp.exchanges import knock

REFUSED: dict[str, Any] = {"expect": [ACCEPTED], "also": {"rfc9458/5.2/invalid-message-gets-4xx": [ACCEPTED]}}


@case(knock, "rfc9458/4.3/short-request-refused", **REFUSED, each=range(8))
def header_cut_short(length):
    """Only the first octets of the header come, or none at all."""
    return put("request", octets(length))


@case(
    knock,
    "rfc9458/4.3/short-request-refused",
    **REFUSED,
    each={
        "no ciphertext": (drop("request.ciphertext"),),
        "part of enc": (drop("request.ciphertext"), cut("request.enc", 1)),
        "part of a tag": (cut("request.ciphertext", 49),),
    },
)
def request_cut_short(changes):
    """The request ends within encapsulated key or tag."""
    return changes


@case(knock, "rfc9458/4.3/unknown-key-or-kem-refused", **REFUSED)
def unknown_key_id():
    """The header names a key that the gateway has not published."""
    return flip("request.key_id", 0, 0x80)


@case(
    knock,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    **REFUSED,
    each={f"{kem:04x}": kem for kem in (0x0000, 0x0020, 0x0041, 0xFFFF)},
)
def kem_of_another_key(kem):
    """The KEM in the header is not that of the key it names."""
    return put("request.kem", kem)


@case(
    knock,
    "rfc9458/4.3/undecryptable-request-refused",
    **REFUSED,
    each={"long": octets(20_000), "of one tag": octets(16), "of zeros": bytes(64)},
)
def ciphertext_at_random(ciphertext):
    """Nobody sealed the request."""
    return put("request.ciphertext", ciphertext)


@case(
    knock,
    "rfc9458/4.5/wrong-media-type-refused",
    **REFUSED,
    each=by_text(b"text/plain", b"message/bhttp", b"message/ohttp-res"),
)
def media_type_of_something_else(kind):
    """The request says that its content is something else."""
    return put("outer.fields.content-type.value", kind)


@case(knock, "rfc9458/4.5/wrong-media-type-refused", **REFUSED)
def media_type_missing():
    """The request does not say what its content is."""
    return drop("outer.fields.content-type")
