"""Content of Binary HTTP: sizes, octets, lengths that lie (RFC 9292, Sections 3.1 and 3.7), and whole messages."""

from dataclasses import replace

from conformance.cases import case, cut, given, octets, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BARE_REQUEST,
    FINE_REQUESTS,
    FULL_REQUEST,
    FULL_RESPONSE,
    HINTS,
    SIZES,
)
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode, recipe_of

ANY = "rfc9292/3.7/any-content-bytes-accepted"
KNOWN, INDETERMINATE = {"framing": ["known"]}, {"framing": ["indeterminate"]}
CONTENTS = {
    "every octet": bytes(range(256)), "zeros": bytes(100), "ending in zeros": b"hello" + bytes(100),
    "a message of its own": recipe_of(FULL_REQUEST).encode(), "lines": b"a: b\r\n\r\n",
}  # fmt: skip


@case(decode, ANY, expect=[ACCEPTED], each=SIZES)
def content_of_boundary_size(size):
    """Content at both sides of every practicable width of its length."""
    return given(message=replace(REQUEST, content=octets(size)))


@case(decode, ANY, expect=[ACCEPTED], each=(63, 64, 16_383, 16_384, 1 << 20), where=INDETERMINATE)
def chunk_of_boundary_size(size):
    """One chunk at both sides of every practicable width of its length."""
    return given(message=replace(REQUEST, content=octets(size)))


@case(decode, ANY, expect=[ACCEPTED], each=CONTENTS)
def content_of_any_octets(content):
    """Content that could be taken for something else: zeros for padding, a message for a message."""
    return given(message=replace(REQUEST, content=content))


@case(
    decode, "rfc9292/3.1/short-content-refused", expect=[REFUSED], where=KNOWN, each=range(2, 2 + len(REQUEST.content))
)
def content_cut_short(n):
    """The message stops n octets before its end, within its content."""
    return cut("message", n)


@case(decode, "rfc9292/3.1/short-content-refused", expect=[REFUSED], where=KNOWN, each={"by two": 2, "by 51": 51})
def content_length_too_long(more):
    """The length of the content goes beyond the end of the message."""
    return put("message.content.length", len(REQUEST.content) + more)


@case(
    decode,
    "rfc9292/3/encode-decode-round-trip",
    "rfc9292/3/implementations-decode-each-other",
    expect=[ACCEPTED],
    each={
        **FINE_REQUESTS,
        "everything at once": FULL_REQUEST,
        "many fields": replace(REQUEST, fields=tuple((b"x-%d" % n, b"v" * (n + 1)) for n in range(70))),
        "long names": replace(REQUEST, fields=((b"n" * 63, b"1"), (b"n" * 64, b"2"), (b"m" * 1000, b"3"))),
        "nothing at all": replace(BARE_REQUEST, authority=b"", scheme=b"http"),
        "a response with everything": replace(FULL_RESPONSE, informational=((103, HINTS),)),
        "a response of an error": replace(RESPONSE, status=503, content=b""),
    },
)
def written_by_another(message):
    """What our encoder writes is read as what it was asked to write."""
    return given(message=message)
