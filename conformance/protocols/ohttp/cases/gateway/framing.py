"""Framing indicators and the two framings of a request (RFC 9292, Sections 3.1 to 3.3)."""

from __future__ import annotations

from conformance.cases import case, drop, given, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._inside import BOTH, FIELDS, REFUSED, TRAILERS, full, inside
from conformance.protocols.ohttp.exchanges import Inner, convey
from conformance.protocols.ohttp.messages import BinaryResponse, bhttp_response


@case(convey, "rfc9292/3.3/unknown-framing-refused", each=(4, 5, 63, 64, 2**62 - 1), **REFUSED)
def unknown_framing_indicator(number):
    """The framing indicator is a number that no document defines."""
    return put(inside("framing"), number)


@case(
    convey,
    "rfc9292/3.3/wrong-direction-framing-refused",
    each={"1, known length": (1, True), "3, indeterminate length": (3, False)},
    **REFUSED,
)
def request_behind_framing_of_responses(attempt):
    """A request in all but its framing indicator, which is that of a response."""
    number, known = attempt
    return given(inner=Inner(known=known)), put(inside("framing"), number)


@case(convey, "rfc9292/3.3/wrong-direction-framing-refused", each=BOTH, **REFUSED)
def response_instead_of_a_request(known):
    """A valid binary response is sealed where a request belongs."""
    return put(inside(), bhttp_response(BinaryResponse(200, content=b"hello"), known=known))


@case(convey, "rfc9292/3.1/known-length-request-layout-exact", expect=[ACCEPTED])
def request_of_known_length():
    """A request of known length with fields and content arrives as it was sent."""
    return full()


@case(convey, "rfc9292/3.2/indeterminate-request-layout-exact", expect=[ACCEPTED])
def request_of_indeterminate_length():
    """A request of indeterminate length with fields, and with content in two chunks, arrives as it was sent."""
    return full(known=False, chunks=(2, 3))


@case(convey, "rfc9292/3.2/full-indeterminate-message-accepted", expect=[ACCEPTED])
def indeterminate_request_with_every_part():
    """Fields, content in chunks and trailers, all in one message of indeterminate length."""
    return full(known=False, chunks=(2, 3), trailers=TRAILERS)


@case(
    convey,
    "rfc9292/3.2/content-chunks-concatenated",
    expect=[ACCEPTED],
    each={
        "one octet each": (b"hello" * 20, (1,) * 100),
        "growing": (bytes(255 * 128), tuple(range(1, 256))),
        "63, 64 and 16384 octets": (bytes(16511), (63, 64, 16384)),
        "one of 1 MiB": (bytes(1 << 20), ()),
    },
)
def content_in_chunks(attempt):
    """How content of indeterminate length is cut into chunks means nothing."""
    content, chunks = attempt
    return given(inner=Inner(content=content, known=False, chunks=chunks))


@case(convey, "rfc9292/3.1/zero-length-parts-accepted", expect=[ACCEPTED], each=BOTH)
def every_part_empty(known):
    """Both field sections and the content are there, and empty."""
    return given(inner=Inner(content=b"", known=known))


@case(
    convey,
    "rfc9292/3.2/field-section-terminator-required",
    each={
        "header section, content behind it": ("headers", ()),
        "trailer section, nothing behind it": ("trailers", TRAILERS),
    },
    **REFUSED,
)
def field_section_without_its_terminator(attempt):
    """A field section of indeterminate length does not end; what follows it is no field line."""
    section, trailers = attempt
    changed = Inner(content=b"h\r\n lo", fields=FIELDS, trailers=trailers, known=False)
    return given(inner=changed), drop(inside(f"{section}.terminator"))


@case(
    convey,
    "rfc9292/3.1/field-section-length-exact",
    each={
        "ends inside the last value": -1,
        "ends in front of the last value": -3,
        "ends in front of the last value's length": -4,
        "ends inside the last name": -6,
        "ends behind the length of the last name": -9,
    },
    **REFUSED,
)
def field_section_shorter_than_its_lines(by):
    """The length of the header section ends it in the middle of a line."""
    return full(), put(inside("headers.length"), sum(len(n) + len(v) + 2 for n, v in FIELDS) + by)


@case(convey, "rfc9292/3.1/field-section-length-exact", **REFUSED)
def last_line_longer_than_its_section():
    """The last value reaches one octet beyond its section; a reader that goes with it finds a valid message."""
    return full(content=b"\x3f" + b"x" * 63 + b"\0"), put(
        inside("headers.fields[1].value.length"), len(FIELDS[1][1]) + 1
    )
