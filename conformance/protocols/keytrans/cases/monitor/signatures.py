"""The auditor's signature over an epoch, and the keys that it advertises."""

from conformance.cases import case, cut, drop, extend, flip, given, put
from conformance.library import by_itself
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.cases.monitor._signing import (
    SMALL_ORDER,
    above_the_order,
    by_another,
    for_small_order,
)
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

STRICT = "plexi-auditor-api/cli/signature-verified-strictly"
CLI = "plexi-auditor-api/cli"


@case(by_itself(audit, REJECTED), "plexi-auditor-api/epoch/epoch-signature-verifies", expect=[ACCEPTED])
def honest():
    """An epoch, its signature in this suite, its predecessor and its proof are right."""
    return ()


@case(
    audit,
    STRICT,
    "plexi-auditor-api/epoch/epoch-signature-verifies",
    expect=[REJECTED],
    each={
        "the first octet": flip("epoch.signature_octets", 0),
        "octet 31": flip("epoch.signature_octets", 31, 0x80),
        "the scalar": flip("epoch.signature_octets", 40),
        "zeros": put("epoch.signature_octets", bytes(64)),
    },
)
def signature_with_a_flipped_bit(change):
    """A bit of the epoch's signature is wrong, or all of it."""
    return change


@case(
    audit,
    "plexi-auditor-api/epoch/epoch-signature-verifies",
    expect=[REJECTED],
    each={
        "epoch": put("epoch.message", b"signed was something else"),
        "digest": put("epoch.digest.value", b"00" * 32, wire=True),
        "timestamp": put("epoch.timestamp.value", b"1700000000000", wire=True),
    },
)
def signature_over_something_else(change):
    """The signature holds for another message than the fields make."""
    return change


@case(audit, STRICT, expect=[REJECTED])
def scalar_above_the_order():
    """To the scalar of the signature the order is added."""
    return given(signing=above_the_order)


@case(audit, STRICT, expect=[REJECTED], each=SMALL_ORDER)
def key_of_small_order(key):
    """The key that is advertised is of small order, and the signature holds under it without the strict checks."""
    return given(keys=[key], signing=for_small_order(key))


@case(audit, f"{CLI}/unknown-key-id-refused", expect=[REJECTED])
def signed_by_a_key_that_is_not_advertised():
    """The signature is of a key that is not advertised, under the id of one that is."""
    return given(signing=by_another)


@case(
    audit,
    f"{CLI}/unknown-key-id-refused",
    expect=[REJECTED],
    each={
        "unknown": put("epoch.key_id.value", b"0"),
        "missing": drop("epoch.key_id"),
        "256": put("epoch.key_id.value", b"256"),
    },
)
def key_id_of_no_key(change):
    """The answer names no key that is advertised."""
    return change


@case(
    audit,
    f"{CLI}/wrong-length-signature-refused",
    expect=[REJECTED],
    each={
        "63 octets": cut("epoch.signature_octets", 1),
        "65 octets": extend("epoch.signature_octets", b"\0"),
        "none": put("epoch.signature_octets", b""),
        "a digit short": cut("epoch.signature.value", 1),
        "no hexadecimal digits": put("epoch.signature.value", b"zz" * 64),
    },
)
def signature_of_other_length(change):
    """The signature has not 64 octets: it is refused without a crash."""
    return change
