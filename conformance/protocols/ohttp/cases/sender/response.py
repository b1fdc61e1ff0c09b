"""Responses as a library opens them (RFC 9458, Section 4.4)."""

from conformance.cases import case, cut, drop, extend, flip, given, octets, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._appendix_a import APPENDIX_A, EPHEMERAL, RECIPIENT, SUITE
from conformance.protocols.ohttp.exchanges import REFUSED, by_itself, open_response, request_of, respond
from conformance.protocols.ohttp.messages import BinaryResponse, bhttp_response
from conformance.wire import Message


@case(
    by_itself(open_response),
    "rfc9458/4.4/response-secret-export-exact",
    "rfc9458/4.2/response-nonce-length-exact",
    "rfc9458/4.4/response-salt-enc-then-nonce",
    "rfc9458/4.4/response-kdf-unlabelled",
    "rfc9458/4.4/response-key-nonce-expand-exact",
    "rfc9458/4.4/response-aad-empty",
    expect=[ACCEPTED],
)
def sealed_response():
    """A response that is sealed as the document says opens, and gives all of what was sealed."""
    return ()


@case(
    by_itself(open_response),
    "rfc9458/4.4/app-a-response-opened",
    expect=[ACCEPTED],
    needs=["ephemeral"],
    where={"suite": SUITE},
)
def response_of_appendix_a():
    """With the keys of RFC 9458, Appendix A, the response of there opens and gives `0140c8`."""
    return given(
        content=APPENDIX_A.octets("request"),
        pairs=[RECIPIENT],
        ephemeral=EPHEMERAL,
        octets=APPENDIX_A.expected("encapsulated_response"),
    )


@case(
    open_response,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each={
        "a bit of the nonce": flip("response.nonce", wire=True),
        "the last bit of the nonce": flip("response.nonce", -1, wire=True),
        "a bit of the ciphertext": flip("response.ciphertext"),
        "a bit of the tag": flip("response.ciphertext", -1),
        "another bit of the tag": flip("response.ciphertext", -16, 0x80),
        "one octet short": cut("response", 1),
        "one octet long": extend("response", b"\0"),
        "sixteen octets long": extend("response", bytes(16)),
    },
)
def spoiled(change):
    """One bit or octet of a response is another than what was sealed: nothing of it comes out."""
    return change


@case(
    open_response,
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each={
        "one octet short": cut("response.nonce", 1),
        "one octet long": extend("response.nonce", b"\0"),
        "four octets short": cut("response.nonce", 4),
        "four octets long": extend("response.nonce", bytes(4)),
        "missing": drop("response.nonce"),
    },
)
def nonce_of_other_length(change):
    """The nonce is not max(Nn, Nk) octets; the response is sealed to match."""
    return change


@case(open_response, "rfc9458/4.4/short-response-refused", expect=[REFUSED], each=range(48))
def short(length):
    """A response of each length that is too short for nonce and tag, or just long enough: an error, and no crash."""
    return put("response", octets(length))


@case(
    open_response,
    "rfc9458/4.4/short-response-refused",
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each=range(1, 33),
)
def cut_short(n):
    """So many octets are missing at the end."""
    return cut("response", n)


@case(
    open_response,
    "rfc9458/4.4/response-secret-export-exact",
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each={
        "that of requests": b"message/bhttp request",
        "that of chunked responses": b"message/bhttp chunked response",
        "with a zero octet": b"message/bhttp response\0",
        "the media type": b"message/ohttp-res",
        "none": b"",
    },
)
def another_label(label):
    """The secret is exported with another label; all else is sealed to match."""
    return put("response.label", label)


@case(
    open_response,
    "rfc9458/4.4/response-aad-empty",
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each=[b"final", b"\0", octets(16)],
)
def associated_data(aad):
    """The response is sealed with associated data."""
    return put("response.aad", aad)


@case(
    open_response,
    "rfc9458/4.4/response-salt-enc-then-nonce",
    "rfc9458/4.4/undecryptable-response-refused",
    expect=[REFUSED],
    each={
        "the nonce alone": put("response.salt", Message(alone=lambda get: get("nonce"))),
        "the nonce twice": put("response.salt", Message(once=lambda get: get("nonce"), twice=lambda get: get("nonce"))),
        "nothing": drop("response.salt"),
    },
)
def another_salt(change):
    """The salt is another than the encapsulated key and the nonce; all else is sealed to match."""
    return change


@case(
    open_response,
    "rfc9458/4.4/swapped-response-refused",
    expect={"response to the second": [REFUSED], "response to the first": [REFUSED]},
)
async def swapped_responses(bench):
    """Two requests under way at once get each other's response, sealed for the other: neither opens."""
    first, second = bench.part("response to the second"), bench.part("response to the first")
    one, other = await request_of(first), await request_of(second)
    if one is not None and other is not None:
        await respond(first, one, other.context)
        await respond(second, other, one.context)


@case(
    open_response,
    "rfc9458/5.1/inner-1xx-tolerated",
    expect=[ACCEPTED],
    each={"103": ((103, ((b"link", b"</style.css>"),)),), "102 and 103": ((102, ()), (103, ()))},
)
def informational_responses_inside(informational):
    """Informational responses stand in front of the response inside: all of it comes out."""
    return given(response=bhttp_response(BinaryResponse(200, (), b"hello", (), informational)).encode())


@case(
    open_response,
    "rfc9458/4.4/response-secret-export-exact",
    expect=[ACCEPTED],
    each=(1, 15, 16, 17, 255, 16_384, 65_536, 1_048_576),
    where={"suite": "first"},
)
def content_of_boundary_size(size):
    """Responses of many sizes come out whole."""
    return given(response=octets(size))
