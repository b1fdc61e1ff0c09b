"""Challenges and keys that clients do not act upon (RFC 9577, Sections 2.1.1 and 2.1.3; RFC 9497)."""

from conformance.cases import case, cut, extend, given, octets, put
from conformance.protocols.privacypass.cases.issuer._kit import NOT_POINTS, OTHER_FORMS
from conformance.protocols.privacypass.exchanges import CLIENT_ERROR, WithAnyKey, obtain
from conformance.protocols.privacypass.messages import RESERVED_TYPES

ACTED = "rfc9577/2.1.3/invalid-challenge-not-acted-on"
STRUCTURE = "rfc9577/2.1.3/challenge-structure-checked-first"
CONTEXT = "rfc9577/2.1.1/wrong-length-context-ignored"


@case(obtain, CONTEXT, ACTED, expect=[CLIENT_ERROR], each=(1, 16, 31, 33, 255))
def context_of_another_length(length):
    """The redemption context is neither empty nor 32 octets."""
    return put("challenge.redemption_context", octets(length))


@case(obtain, STRUCTURE, ACTED, expect=[CLIENT_ERROR], each={
    "one octet long": extend("challenge", b"\0"),
    "one octet short": cut("challenge", 1),
    "only a type": put("challenge", b"\0\1"),
    "empty": put("challenge", b""),
    "without origin info": cut("challenge", 16),
    "a name that is cut": put("challenge.issuer_name_length", 0xFFFF),
    "without an issuer": put("challenge.issuer_name", b""),
})  # fmt: skip
def malformed_challenge(change):
    """The challenge has too few or too many octets for what it says of itself."""
    return change


@case(
    obtain, "rfc9577/2.1.1/unsupported-type-challenge-skipped", "rfc9577/2.2.1/token-type-matches-challenge", ACTED,
    "rfc9577/2.1.3/token-type-checked-first", "rfc9577/6.2.1/grease-types-reserved",
    expect=[CLIENT_ERROR], each={f"{t:#06x}": t for t in (*RESERVED_TYPES[:3], RESERVED_TYPES[-1], 0x7777)},
)  # fmt: skip
def type_that_is_not_supported(token_type):
    """The challenge is of a type that nobody has, and the key is of one that the client has."""
    return put("challenge.token_type", token_type)


@case(obtain, "rfc9577/2.2.1/token-type-matches-challenge", expect=[CLIENT_ERROR], where={"type": [1]})
def challenge_for_signatures():
    """The challenge is of type 2, the key and all else are of type 1."""
    return put("challenge.token_type", 2)


@case(obtain, "rfc9577/2.2.1/token-type-matches-challenge", expect=[CLIENT_ERROR], where={"type": [2]})
def challenge_for_voprf():
    """The challenge is of type 1, the key and all else are of type 2."""
    return put("challenge.token_type", 1)


@case(obtain, "rfc9497/4.4/invalid-p384-point-refused", expect=[CLIENT_ERROR], where={"type": [1]}, each=NOT_POINTS)
def key_that_is_no_point(key):
    """The key is 49 octets that are no compressed point."""
    return given(token_key=key, issuer=WithAnyKey)


@case(
    obtain, "rfc9578/5.5/voprf-key-id-hashes-compressed", "rfc9497/4.4/invalid-p384-point-refused",
    expect=[CLIENT_ERROR], where={"type": [1]}, each=OTHER_FORMS,
)  # fmt: skip
def key_in_another_form(key):
    """The key is a point that is not compressed, or has something around it."""
    return given(token_key=key, issuer=WithAnyKey)


@case(obtain, "rfc9497/3.3/identity-element-refused", expect=[CLIENT_ERROR], where={"type": [1]}, each={
    "49 zeros": bytes(49), "as SEC 1 writes it": bytes(1),
})  # fmt: skip
def key_that_is_the_identity(key):
    """The key is the identity."""
    return given(token_key=key, issuer=WithAnyKey)
