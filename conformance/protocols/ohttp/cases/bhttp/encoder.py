"""Messages that an encoder writes: read by our strict decoder, they say what was asked (RFC 9292, Sections 3 to 6)."""

from dataclasses import replace

from conformance.cases import case, given, octets
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BAD_CONTROL,
    BARE_REQUEST,
    BARE_RESPONSE,
    CONNECTION,
    FINE_REQUESTS,
    FULL_REQUEST,
    FULL_RESPONSE,
    HINTS,
    TRAILERS,
)
from conformance.protocols.ohttp.exchanges import KEPT, MENDED, REFUSED, REQUEST, RESPONSE, encode

KNOWN, INDETERMINATE = {"framing": ["known"]}, {"framing": ["indeterminate"]}
EDGES = {
    "content of 63 octets": replace(REQUEST, content=octets(63)),
    "content of 64 octets": replace(REQUEST, content=octets(64)),
    "content of 16383 octets": replace(REQUEST, content=octets(16_383)),
    "content of 16384 octets": replace(REQUEST, content=octets(16_384)),
    "content of 1 MiB": replace(REQUEST, content=octets(1 << 20)),
    "every octet": replace(REQUEST, content=bytes(range(256))),
    "content for GET": replace(REQUEST, method=b"GET"),
    "names of 63 and 64 octets": replace(REQUEST, fields=((b"n" * 63, b"1"), (b"m" * 64, b"2"))),
    "values of 63, 64 and 4000 octets": replace(
        REQUEST, fields=((b"a", b"v" * 63), (b"b", b"v" * 64), (b"c", b"v" * 4000))
    ),
    "an empty value last": replace(REQUEST, fields=((b"a", b"1"), (b"b", b""))),
    "octets from 80 on": replace(REQUEST, fields=((b"a", bytes(range(0x80, 0x100))),)),
    "one field on three lines": replace(REQUEST, fields=((b"a", b"2"), (b"b", b"0"), (b"a", b"1"), (b"a", b"3"))),
    "100 fields": replace(REQUEST, fields=tuple((b"x-%d" % n, b"%d" % n) for n in range(100))),
    "a response": RESPONSE,
    "a response with two cookies": replace(RESPONSE, fields=((b"set-cookie", b"a=1, b"), (b"set-cookie", b"c=2"))),
    "nothing but a status": BARE_RESPONSE,
}


@case(encode, "rfc9292/3.1/known-length-request-layout-exact", expect=[ACCEPTED], where=KNOWN)
def request_of_known_length():
    """A request of known length with header fields, content and trailer fields."""
    return given(message=FULL_REQUEST)


@case(encode, "rfc9292/3.1/known-length-response-layout-exact", expect=[ACCEPTED], where=KNOWN)
def response_of_known_length():
    """A response of known length with header fields, content and trailer fields."""
    return given(message=replace(RESPONSE, trailers=TRAILERS))


@case(
    encode,
    "rfc9292/3.2/indeterminate-request-layout-exact",
    "rfc9292/3.2/field-section-terminator-required",
    expect=[ACCEPTED],
    where=INDETERMINATE,
    settings={"framing": "known"},
)
def request_of_indeterminate_length():
    """A request of indeterminate length with header fields, content and trailer fields."""
    return given(message=FULL_REQUEST, framing="indeterminate")


@case(
    encode,
    "rfc9292/3.2/indeterminate-response-layout-exact",
    "rfc9292/3.2/field-section-terminator-required",
    expect=[ACCEPTED],
    where=INDETERMINATE,
    settings={"framing": "known"},
)
def response_of_indeterminate_length():
    """A response of indeterminate length with header fields, content and trailer fields."""
    return given(message=replace(RESPONSE, trailers=TRAILERS), framing="indeterminate")


@case(encode, "rfc9292/3.2/empty-content-chunk-never-sent", expect=[ACCEPTED], where=INDETERMINATE)
def empty_content_before_trailers():
    """There is no content, and there are trailer fields: an empty chunk would end the content before its end."""
    return given(message=replace(FULL_REQUEST, content=b""))


@case(encode, "rfc9292/3.4/request-control-data-in-order", expect=[ACCEPTED], each=FINE_REQUESTS)
def request_target_kept(message):
    """Method, scheme, authority and path are written as they were given, the query with its path."""
    return given(message=message)


@case(
    encode,
    "rfc9292/3.4/absent-authority-zero-length",
    "rfc9292/3.4/host-not-copied-into-authority",
    expect=[ACCEPTED],
)
def host_not_copied():
    """Only the field Host names the authority: the authority is written with no octets."""
    return given(message=replace(BARE_REQUEST, authority=b"", fields=((b"host", b"www.example.com"),)))


@case(encode, "rfc9292/3.4/options-asterisk-path-kept", expect=[ACCEPTED])
def options_for_the_server():
    """OPTIONS with an asterisk for a path."""
    return given(message=replace(BARE_REQUEST, method=b"OPTIONS", path=b"*"))


@case(
    encode,
    "rfc9292/3.4/invalid-control-data-refused",
    expect=[REFUSED, MENDED.per("rfc9292/3.4/invalid-control-data-refused")],
    each=BAD_CONTROL,
)
def control_data_invalid(bad):
    """Asked for control data that HTTP/2 does not allow, an encoder refuses or mends it: nobody may read it."""
    part, value = bad
    return given(message=replace(REQUEST, **{part: value}))


@case(encode, "rfc9292/3.5/status-encoded-as-integer", expect=[ACCEPTED], each=(200, 201, 404, 599))
def status_as_an_integer(status):
    """The status is an integer."""
    return given(message=replace(BARE_RESPONSE, status=status))


@case(
    encode,
    "rfc9292/3.5.1/1xx-sections-match-framing",
    expect=[ACCEPTED],
    each={"one": ((103, HINTS),), "two, one without fields": FULL_RESPONSE.informational},
    where=KNOWN,
)
def informational_responses(informational):
    """The header sections of informational responses have their length in front."""
    return given(message=replace(RESPONSE, informational=informational))


@case(
    encode,
    "rfc9292/3.5.1/1xx-sections-match-framing",
    expect=[ACCEPTED],
    each={"one": ((103, HINTS),), "two, one without fields": FULL_RESPONSE.informational},
    where=INDETERMINATE,
)
def informational_responses_in_indeterminate_length(informational):
    """The header sections of informational responses are ended by a terminator."""
    return given(message=replace(RESPONSE, informational=informational))


@case(
    encode,
    "rfc9292/3.6/late-pseudo-field-refused",
    expect=[REFUSED, MENDED.per("rfc9292/3.6/late-pseudo-field-refused")],
)
def late_pseudo_field():
    """Asked for a pseudo-field behind other fields, an encoder refuses, or writes it in front of them."""
    return given(message=replace(REQUEST, fields=(*REQUEST.fields, (b":protocol", b"websocket"))))


@case(
    encode,
    "rfc9292/3.6/trailer-pseudo-field-refused",
    expect=[REFUSED, MENDED.per("rfc9292/3.6/trailer-pseudo-field-refused")],
)
def trailer_pseudo_field():
    """Asked for a pseudo-field in the trailer section, an encoder refuses, or leaves it out."""
    return given(message=replace(REQUEST, trailers=((b":protocol", b"websocket"),)))


@case(encode, "rfc9292/3.6/connection-fields-removed", expect=[ACCEPTED], each=CONNECTION)
def connection_field_removed(field):
    """A field that concerns a connection is not written."""
    return given(message=replace(REQUEST, fields=(*REQUEST.fields, field)))


@case(
    encode,
    "rfc9292/6/http1-details-not-carried",
    expect=[ACCEPTED, KEPT.per("rfc9292/3.6/connection-fields-removed")],
)
def transfer_coding_not_applied():
    """A transfer coding is named: the content is written as it is."""
    return given(message=replace(REQUEST, fields=(*REQUEST.fields, CONNECTION["Transfer-Encoding"])))


@case(
    encode,
    "rfc9292/6/head-204-304-framed-normally",
    expect=[ACCEPTED],
    each={
        "HEAD": replace(BARE_REQUEST, method=b"HEAD"),
        "204": replace(BARE_RESPONSE, status=204),
        "304": replace(BARE_RESPONSE, status=304, fields=((b"content-length", b"10"),)),
    },
)
def framed_normally(message):
    """HEAD, 204 and 304 have the framing of all messages."""
    return given(message=message)


@case(
    encode,
    "rfc9292/3.8/encoder-truncation-allowed",
    expect=[ACCEPTED],
    each={
        "ending in zeros": replace(REQUEST, content=b"hello" + bytes(20)),
        "nothing but zeros": replace(REQUEST, content=bytes(20)),
        "no content": replace(REQUEST, content=b""),
        "no fields": BARE_REQUEST,
        "content without fields": replace(BARE_REQUEST, content=b"hello"),
        "a value of nothing": replace(BARE_REQUEST, fields=((b"x-value", b""),)),
    },
)
def end_left_off(message):
    """What stands empty at the end may be left off, and nothing else: octets of zero in the content are content."""
    return given(message=message)


@case(
    encode,
    "rfc9292/3/encode-decode-round-trip",
    "rfc9292/3/implementations-decode-each-other",
    expect=[ACCEPTED],
    each=EDGES,
    where=KNOWN,
)
def written_and_read(message):
    """What is written with known length is read by our strict decoder as the same message."""
    return given(message=message)


@case(
    encode,
    "rfc9292/3/encode-decode-round-trip",
    "rfc9292/3/implementations-decode-each-other",
    expect=[ACCEPTED],
    each=EDGES,
    where=INDETERMINATE,
)
def written_and_read_in_indeterminate_length(message):
    """What is written with indeterminate length is read by our strict decoder as the same message."""
    return given(message=message)
