"""The keys that the auditor advertises."""

from conformance.cases import case, cut, flip, put
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

CLI = "plexi-auditor-api/cli"
KEY = "info.keys[1].public_key.value"


@case(
    audit,
    f"{CLI}/malformed-public-key-refused",
    expect=[REJECTED],
    each={
        "63 digits": cut(KEY, 1),
        "no hexadecimal digits": put(KEY, b"zz" * 32),
        "31 octets": put(KEY, b"ab" * 31),
        "empty": put(KEY, b""),
    },
)
def malformed_key(change):
    """The key that signs is not advertised as 64 hexadecimal digits: a refusal, and no crash."""
    return change


@case(audit, f"{CLI}/unknown-key-id-refused", expect=[REJECTED])
def another_key_of_that_id():
    """The key that is advertised under the id is another."""
    return flip(KEY, 0, 3)


@case(audit, f"{CLI}/not-yet-valid-key-refused", expect=[REJECTED])
def key_that_is_not_valid_yet():
    """The key that signs is valid from the year 2100 on."""
    return put("info.keys[1].not_before.value", b"4102444800000")
