"""Requests of type 2: Blind RSA (RFC 9578, Section 6; RFC 9474)."""

from conformance.cases import case, cut, extend, given, octets, put
from conformance.model import ACCEPTED
from conformance.protocols.privacypass.cases.issuer._kit import TYPE_2, ask_for_each_key, keys_issue, other_types
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, PLAIN_400, PLAIN_422, issue

WHICH = "rfc9578/6.2/rsa-unsupported-type-422"
KEY = "rfc9578/6.2/rsa-unknown-key-id-422"
SIZE = "rfc9578/6.2/rsa-blinded-msg-size-422"
RANGE = "rfc9578/6.2/out-of-range-representative-refused"
SUCCESS = "rfc9578/6.2/rsa-success-response-exact"


@case(issue, WHICH, "rfc9577/6.2.1/grease-types-reserved", expect=[PLAIN_422], where=TYPE_2, each=other_types(2))
def type_that_is_not_issued(token_type):
    """A whole request, but of a type that is reserved, or that nobody has given a meaning."""
    return put("request.token_type", token_type)


@case(issue, WHICH, SIZE, expect=[PLAIN_422], where=TYPE_2)
def type_of_voprf():
    """A request for an evaluation (type 1) with what is blinded for a signature: it is too long for its type."""
    return put("request.token_type", 1)


@case(
    issue,
    KEY,
    expect=[PLAIN_422],
    where=TYPE_2,
    each=["its last bit turned", "its first bit turned", "one more", "the first octet of the id"],
)
def key_that_is_not_there(which):
    """The octet of the key id is that of no key of this type: the key is not guessed."""
    return given(truncated=which)


@case(issue, KEY, expect=[PLAIN_422], where=TYPE_2)
def key_of_the_other_type():
    """The octet of the key id is that of a key for VOPRF, where the issuer has one."""
    return given(truncated="a key's of the other type")


@case(
    issue,
    SIZE,
    expect=[PLAIN_422],
    where=TYPE_2,
    each={
        "one octet short": cut("request.blinded_msg", 1),
        "one octet long": extend("request.blinded_msg", b"\0"),
        "a zero in front": put("request.blinded_msg", b"\0" + octets(256, 1)),
        "one octet": put("request.blinded_msg", b"\2"),
        "49 octets": put("request.blinded_msg", b"\2" + octets(48)),
        "512 octets": put("request.blinded_msg", octets(512)),
        "64 KiB": put("request.blinded_msg", octets(65536)),
    },
)
def blinded_message_of_another_length(change):
    """What is blinded is not 256 octets long."""
    return change


@case(issue, SIZE, expect=[PLAIN_422, PLAIN_400.per(SIZE)], where=TYPE_2, each=(3, 2, 1, 0))
def request_cut_short(length):
    """The request ends within its first fields, or where the message should begin; it may be called malformed."""
    return put("request", b"\0\2\0"[:length])


@case(
    issue,
    RANGE,
    "rfc9474/4.3/out-of-range-representative-refused",
    expect=[PLAIN_422, PLAIN_4XX.per(RANGE)],
    where=TYPE_2,
    each=["n", "n + 1", "the largest"],
)
def representative_out_of_range(which):
    """256 octets that are a number not below the modulus: nothing is signed, and it is the client's fault."""
    return given(blinded=which)


@case(
    issue,
    SUCCESS,
    expect=[ACCEPTED, PLAIN_422.per(RANGE), PLAIN_4XX.per(RANGE)],
    where=TYPE_2,
    each=["0", "1", "n - 1"],
)
def representative_that_signs_itself(which):
    """Numbers that are their own signatures, up to a sign: signed rightly, or refused by a careful issuer."""
    return given(blinded=which)


@case(issue, SUCCESS, expect=[ACCEPTED], where=TYPE_2)
def small_representative():
    """A number of one octet behind 255 zeros is signed, and the signature is as long as ever."""
    return given(blinded="2")


@case(issue, "rfc9578/6.5/rsa-key-id-hashes-spki", SUCCESS, where=TYPE_2)
async def every_listed_key(bench):
    """A request for each key of the directory is answered under that key, which its identifier names."""
    await ask_for_each_key(bench)


@every_listed_key.judge
def _(transcript):
    yield from keys_issue(transcript)
