"""What clients make of an issuer's answers (RFC 9578, Sections 5.3 and 6.3)."""

from conformance.cases import case, cut, drop, extend, flip, given, octets, put, watch
from conformance.model import ACCEPTED, Finding
from conformance.protocols.privacypass.exchanges import (
    CLIENT_ERROR,
    ForAnotherRequest,
    OfTheOtherType,
    ProvesAnotherKey,
    WithAnotherKey,
    obtain,
)
from conformance.protocols.privacypass.messages import P384

CLIENT = "privacypass.client"
TYPE_1, TYPE_2 = {"type": [1]}, {"type": [2]}
PROOF, MALFORMED = "rfc9578/5.3/dleq-proof-verified-first", "rfc9578/5.3/malformed-response-refused"
SIGNATURE, LENGTH = "rfc9578/6.3/unblinded-signature-verified-first", "rfc9578/6.3/rsa-response-length-exact"
IGNORED = "rfc9578/5.3/unsuccessful-response-ignored"
ORDER = P384.order.to_bytes(48, "big")


@case(
    obtain,
    "rfc9578/5.3/voprf-token-layout-exact",
    "rfc9577/2.2.1/token-layout-exact",
    "rfc9577/2.2.1/digest-over-received-octets",
    "rfc9577/2.2.1/token-key-id-untruncated",
    expect=[ACCEPTED],
    where=TYPE_1,
    each={
        "for one origin": given(),
        "for any origin": given(origins=()),
        "for several origins": given(origins=(b"origin.example", b"other.example:8443")),
        "without a context": given(context=0),
        "in capitals": given(origins=(b"Origin.EXAMPLE", b"origin.example")),
    },
)  # fmt: skip
def token_of_type_1(change):
    """An honest issuance, for challenges of several forms: the token is for just this challenge, and verifies."""
    return () if not change.args else change


@case(
    obtain,
    "rfc9578/6.3/rsa-token-length-exact",
    "rfc9578/6.1/identity-preparation-used",
    "rfc9578/6.5/rsa-key-id-hashes-spki",
    "rfc9577/2.2.1/token-layout-exact",
    "rfc9577/2.2.1/digest-over-received-octets",
    "rfc9577/2.2.1/token-key-id-untruncated",
    expect=[ACCEPTED],
    where=TYPE_2,
    each={
        "for one origin": given(),
        "for any origin": given(origins=()),
        "for several origins": given(origins=(b"origin.example", b"other.example:8443")),
        "without a context": given(context=0),
        "in capitals": given(origins=(b"Origin.EXAMPLE", b"origin.example")),
    },
)  # fmt: skip
def token_of_type_2(change):
    """An honest issuance, for challenges of several forms: the token is for just this challenge, and verifies."""
    return () if not change.args else change


@case(obtain, PROOF, expect=[CLIENT_ERROR], where=TYPE_1, each={
    "of another key": given(issuer=WithAnotherKey),
    "of the right key": given(issuer=ProvesAnotherKey),
    "of another request": given(issuer=ForAnotherRequest),
    "with a bit of c turned": flip("response.evaluate_proof.c", -1),
    "with a bit of s turned": flip("response.evaluate_proof.s", -1),
    "of zeros": put("response.evaluate_proof", bytes(96)),
    "with c and s changed over": put("response.evaluate_proof", octets(96, 7)),
    "for the element's negative": flip("response.evaluate_msg", 0),
})  # fmt: skip
def proof_that_does_not_hold(change):
    """The response is well-formed, and its proof is not that of this evaluation under this key."""
    return change


@case(obtain, MALFORMED, "rfc9497/4.4/invalid-p384-point-refused", expect=[CLIENT_ERROR], where=TYPE_1, each={
    "one octet long": extend("response", b"\0"),
    "many octets long": extend("response", bytes(96)),
    "one octet short": cut("response", 1),
    "without a proof": drop("response.evaluate_proof"),
    "without an element": drop("response.evaluate_msg"),
    "empty": put("response", b""),
    "with the proof in front": put("response", octets(145, 9)),
    "with a tag that there is not": put("response.evaluate_msg", b"\x05" + octets(48)),
    "with s the order": put("response.evaluate_proof.s", ORDER),
    "with c all ones": put("response.evaluate_proof.c", b"\xff" * 48),
})  # fmt: skip
def malformed_response_of_type_1(change):
    """The response is no point and two scalars, or has something besides."""
    return change


@case(obtain, "rfc9497/3.3/identity-element-refused", MALFORMED, expect=[CLIENT_ERROR], where=TYPE_1)
def evaluated_element_is_the_identity():
    """The evaluated element is 49 zeros."""
    return put("response.evaluate_msg", bytes(49))


@case(obtain, SIGNATURE, "rfc9474/4.4/signature-verified-before-output", expect=[CLIENT_ERROR], where=TYPE_2, each={
    "by another key": given(issuer=WithAnotherKey),
    "of another message": given(issuer=ForAnotherRequest),
    "with its first bit turned": flip("response.blind_sig", 0, 0x40),
    "with its last bit turned": flip("response.blind_sig", -1),
    "of zeros": put("response.blind_sig", bytes(256)),
    "at random": put("response.blind_sig", b"\0" + octets(255)),
})  # fmt: skip
def signature_that_does_not_hold(change):
    """The response is 256 octets, and no signature of what was sent."""
    return change


@case(obtain, LENGTH, expect=[CLIENT_ERROR], where=TYPE_2, each={
    "one octet long": extend("response", b"\0"),
    "a zero in front": put("response", bytes(257)),
    "one octet short": cut("response", 1),
    "empty": put("response", b""),
    "twice as long": put("response", octets(512)),
})  # fmt: skip
def response_of_another_length(change):
    """The response is not 256 octets."""
    return change


@case(obtain, MALFORMED, LENGTH, expect=[CLIENT_ERROR])
def response_of_the_other_type():
    """The answer is a right response, of the other type."""
    return given(issuer=OfTheOtherType)


@case(obtain, IGNORED, expect=[CLIENT_ERROR], each=["400", "401", "404", "422", "500", "503"])
def error_with_a_right_response(status):
    """The content is the right response, under a status of errors: there is no token."""
    return put("answer.status", status.encode())


@case(obtain, IGNORED, expect=[ACCEPTED], each={
    "in capitals": b"Application/Private-Token-Response", "with a parameter": b"application/private-token-response;x=y",
})  # fmt: skip
def media_type_in_another_form(kind):
    """The right media type in other letters, or with a parameter (RFC 9110, Section 8.3.1)."""
    return put("answer.fields.content-type.value", kind)


WHOLE = {
    "another challenge": "rfc9577/2.2.1/digest-over-received-octets",
    "another key": "rfc9577/2.2.1/token-key-id-untruncated",
    "another type": "rfc9577/2.2.1/token-type-matches-challenge",
}
LAYOUTS = {1: "rfc9578/5.3/voprf-token-layout-exact", 2: "rfc9578/6.3/rsa-token-length-exact"}


@watch(CLIENT, *WHOLE.values(), *LAYOUTS.values(), absent="the client made no token")
def token_is_whole(part):
    """Each token has the type, the digest of the challenge and the key id that are right, and what verifies."""
    for event in part.all("decoded", "token"):
        wrong = event.value["wrong"]
        if not event.value["unlawful"]:
            requirement = WHOLE.get(wrong, LAYOUTS[part.variant.get("type", 1)])
            yield Finding("violation" if wrong else "as-expected", wrong or "it is whole", requirement)
            if not wrong:
                yield from (Finding("as-expected", "it is whole", r) for r in WHOLE.values())
