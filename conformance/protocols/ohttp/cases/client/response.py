"""Encapsulated responses as a client gets them (RFC 9458, Section 4.4)."""

from conformance.cases import case, cut, drop, extend, flip, given, octets, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, plain_client_fetch
from conformance.protocols.ohttp.messages import BinaryResponse

ONE = {"suite": "first"}


@case(
    plain_client_fetch,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[CLIENT_ERROR],
    each={
        "one octet short": cut("response.nonce", 1),
        "one octet long": extend("response.nonce", b"\0"),
        "four octets short": cut("response.nonce", 4),
        "short on the wire only": cut("response.nonce", 1, wire=True),
        "missing": drop("response.nonce"),
    },
)
def response_nonce_of_wrong_length(change):
    """The nonce is not max(Nn, Nk) octets; unless the label says otherwise, the answer is sealed to match."""
    return change


@case(
    plain_client_fetch,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[CLIENT_ERROR],
    each={
        "a bit of the nonce": flip("response.nonce", wire=True),
        "a bit of the ciphertext": flip("response.ciphertext"),
        "a bit of the tag": flip("response.ciphertext", -1),
        "another bit of the tag": flip("response.ciphertext", -16, 0x80),
        "one octet short": cut("response", 1),
        "sixteen octets short": cut("response", 16),
        "one octet long": extend("response", b"\0"),
        "sixteen octets long": extend("response", bytes(16)),
    },
    where=ONE,
)
def spoiled(change):
    """One bit or octet of the response is another than what was sealed: nothing of it comes out."""
    return change


@case(
    plain_client_fetch,
    "rfc9458/4.4/short-response-refused",
    expect=[CLIENT_ERROR],
    each=(0, 1, 11, 12, 15, 16, 17, 27, 28, 31, 32, 33, 47, 48),
)
def short(length):
    """A response that is too short for nonce and tag, or just long enough: an error, and no crash."""
    return put("response", octets(length))


@case(
    plain_client_fetch,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[CLIENT_ERROR],
    each={
        "that of requests": b"message/bhttp request",
        "that of chunked responses": b"message/bhttp chunked response",
        "with a zero octet": b"message/bhttp response\0",
        "none": b"",
    },
    where=ONE,
)
def another_label(label):
    """The secret is exported with another label; all else is sealed to match."""
    return put("response.label", label)


@case(
    plain_client_fetch,
    "rfc9458/4.4/response-aad-empty",
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[CLIENT_ERROR],
    each=[b"final", b"\0"],
    where=ONE,
)
def associated_data(aad):
    """The response is sealed with associated data."""
    return put("response.aad", aad)


@case(
    plain_client_fetch,
    "rfc9458/4.4/swapped-response-refused",
    expect={"replayed": [CLIENT_ERROR]},
    where=ONE,
)
async def response_to_an_earlier_request(bench):
    """The answer is the one that was sealed for the request before: it belongs to that request only."""
    first = bench.part("first")
    await plain_client_fetch(first)
    earlier = first.record.sent("response")
    if earlier is None:
        return
    await plain_client_fetch(bench.part("replayed", put("response", earlier.event.octets)))


@case(
    plain_client_fetch,
    "rfc9458/5.1/inner-1xx-tolerated",
    expect=[ACCEPTED],
    each={"103": ((103, ((b"link", b"</style.css>"),)),), "102 and 103": ((102, ()), (103, ()))},
    where=ONE,
)
def informational_responses_inside(informational):
    """Informational responses stand in front of the response inside: the final one is what the application gets."""
    return given(answer=BinaryResponse(200, (), b"hello", (), informational))
