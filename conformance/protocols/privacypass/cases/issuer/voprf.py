"""Requests of type 1: VOPRF over P-384 (RFC 9578, Section 5; RFC 9497)."""

from conformance.cases import case, cut, extend, given, octets, put
from conformance.model import ACCEPTED, Finding
from conformance.protocols.privacypass.cases.issuer._kit import (
    NOT_POINTS,
    OTHER_FORMS,
    POINT,
    TYPE_1,
    ask_for_each_key,
    keys_issue,
    other_types,
)
from conformance.protocols.privacypass.exchanges import PLAIN_400, PLAIN_422, ask, connected, issue

WHICH = "rfc9578/5.2/voprf-unsupported-type-422"
KEY = "rfc9578/5.2/voprf-unknown-key-id-422"
SIZE = "rfc9578/5.2/voprf-blinded-msg-size-422"
POINTS = "rfc9578/5.2/invalid-blinded-msg-422"
SUCCESS = "rfc9578/5.2/voprf-success-200-and-type"


@case(issue, WHICH, "rfc9577/6.2.1/grease-types-reserved", expect=[PLAIN_422], where=TYPE_1, each=other_types(1))
def type_that_is_not_issued(token_type):
    """A whole request, but of a type that is reserved, or that nobody has given a meaning."""
    return put("request.token_type", token_type)


@case(issue, WHICH, SIZE, expect=[PLAIN_422], where=TYPE_1)
def type_of_blind_signatures():
    """A request for a signature (type 2) with what is blinded for VOPRF: it is of the wrong size for its type."""
    return put("request.token_type", 2)


@case(
    issue,
    KEY,
    expect=[PLAIN_422],
    where=TYPE_1,
    each=["its last bit turned", "its first bit turned", "one more", "the first octet of the id"],
)
def key_that_is_not_there(which):
    """The octet of the key id is that of no key of this type: the key is not guessed."""
    return given(truncated=which)


@case(issue, KEY, expect=[PLAIN_422], where=TYPE_1)
def key_of_the_other_type():
    """The octet of the key id is that of a key for signatures, where the issuer has one."""
    return given(truncated="a key's of the other type")


@case(
    issue,
    SIZE,
    expect=[PLAIN_422],
    where=TYPE_1,
    each={
        "one octet short": cut("request.blinded_msg", 1),
        "one octet long": extend("request.blinded_msg", b"\0"),
        "three octets long": extend("request.blinded_msg", bytes(3)),
        "one octet": put("request.blinded_msg", b"\2"),
        "two points": put("request.blinded_msg", POINT * 2),
        "256 octets": put("request.blinded_msg", octets(256)),
        "64 KiB": put("request.blinded_msg", POINT + octets(65536)),
    },
)
def blinded_element_of_another_length(change):
    """What is blinded is not 49 octets long."""
    return change


@case(issue, SIZE, expect=[PLAIN_422, PLAIN_400.per(SIZE)], where=TYPE_1, each=(3, 2, 1, 0))
def request_cut_short(length):
    """The request ends within its first fields, or where the element should begin; it may be called malformed."""
    return put("request", b"\0\1\0"[:length])


@case(issue, SIZE, "rfc9497/4.4/invalid-p384-point-refused", expect=[PLAIN_422], where=TYPE_1, each=OTHER_FORMS)
def blinded_element_in_another_form(form):
    """A point of the curve that is not compressed, or has something around it."""
    return put("request.blinded_msg", form)


@case(issue, POINTS, "rfc9497/4.4/invalid-p384-point-refused", expect=[PLAIN_422], where=TYPE_1, each=NOT_POINTS)
def blinded_element_not_a_point(element):
    """49 octets that are no compressed point: off the curve, x = p and above, tags that there are not, all ones."""
    return put("request.blinded_msg", element)


@case(
    issue,
    "rfc9497/3.3/identity-element-refused",
    POINTS,
    expect=[PLAIN_422],
    where=TYPE_1,
    each={"49 zeros": bytes(49), "as SEC 1 writes it": bytes(1)},
)
def blinded_element_is_the_identity(element):
    """The identity, in the two ways in which somebody might write it for P-384."""
    return put("request.blinded_msg", element)


@case(
    issue,
    "rfc9578/5.2/evaluation-under-selected-key",
    expect=[ACCEPTED],
    where=TYPE_1,
    each=[
        "the generator", "its negative", "twice the generator", "the public key", "the public key's negative",
    ],
)  # fmt: skip
def blinded_element_with_a_meaning(which):
    """Points that formulas for points may stumble over: the generator, the issuer's key, their negatives."""
    return given(blinded=which)


@case(issue, "rfc9578/5.2/evaluation-under-selected-key", "rfc9578/5.5/voprf-key-id-hashes-compressed", where=TYPE_1)
async def every_listed_key(bench):
    """A request for each key of the directory is answered under that key, which its identifier names."""
    await ask_for_each_key(bench)


@every_listed_key.judge
def _(transcript):
    yield from keys_issue(transcript)


@case(issue, "rfc9497/2.2.1/proof-nonce-never-reused", where=TYPE_1, expect={"again": [ACCEPTED]})
async def same_request_twice(bench):
    """The same octets again give the same element and another proof, since each proof has a scalar of its own."""
    connection = await connected(bench.part("connect"))
    for name in ("once", "again"):
        await (await ask(bench.part(name, put("request.blinded_msg", POINT)), connection)).answer()


@same_request_twice.judge
def _(transcript):
    parts = [p for name in ("once", "again") for p in transcript.named(name) if issue.outcome(p) == ACCEPTED]
    if len(parts) == 2:
        one, other = (p.last("decoded", "response").octets for p in parts)
        same = one[49:] == other[49:]
        told = "both proofs are the same" if same else "the proofs differ"
        yield Finding("violation" if same else "as-expected", told, "rfc9497/2.2.1/proof-nonce-never-reused", "again")
