"""Framing indicators and the two framings of a request (RFC 9292, Sections 3.1 to 3.3)."""

from __future__ import annotations

from conformance.cases import case, drop, given, put
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._inside import FIELDS, REFUSED, TRAILERS, full, holding, inside
from conformance.protocols.ohttp.exchanges import Inner, convey
from conformance.protocols.ohttp.messages import BinaryResponse, bhttp_response

LINES = sum(len(name) + len(value) + 2 for name, value in FIELDS)


@case(convey, "rfc9292/3.3/unknown-framing-refused", each=(4, 5, 63, 64, 2**62 - 1), **REFUSED)
def unknown_framing_indicator(number):
    """The framing indicator is a number that no document defines."""
    return put(inside("framing"), number)


@case(convey, "rfc9292/3.3/wrong-direction-framing-refused", each=(1, 3), **REFUSED)
def request_behind_framing_of_responses(number):
    """A request of known length, but that its framing indicator is one of responses."""
    return put(inside("framing"), number)


@case(
    convey,
    "rfc9292/3.3/wrong-direction-framing-refused",
    settings=holding(known=False),
    each=(1, 3),
    **REFUSED,
)
def indeterminate_request_behind_framing_of_responses(number):
    """A request of indeterminate length, but that its framing indicator is one of responses."""
    return put(inside("framing"), number)


@case(
    convey,
    "rfc9292/3.3/wrong-direction-framing-refused",
    each={"known length": True, "indeterminate length": False},
    **REFUSED,
)
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


@case(convey, "rfc9292/3.2/full-indeterminate-message-accepted", settings=holding(known=False), expect=[ACCEPTED])
def indeterminate_request_with_every_part():
    """Fields, content in chunks and trailers, all in one message of indeterminate length."""
    return full(known=False, chunks=(2, 3), trailers=TRAILERS)


@case(
    convey,
    "rfc9292/3.2/content-chunks-concatenated",
    settings=holding(known=False),
    expect=[ACCEPTED],
    each={
        "two": (b"hello", (2, 3)),
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


@case(convey, "rfc9292/3.1/zero-length-parts-accepted", expect=[ACCEPTED])
def every_part_empty():
    """Both field sections and the content are there, and have no octets."""
    return given(inner=Inner(content=b""))


@case(convey, "rfc9292/3.2/indeterminate-request-layout-exact", settings=holding(known=False), expect=[ACCEPTED])
def every_part_of_indeterminate_length_empty():
    """Both field sections and the content are there, each as nothing but its terminator."""
    return given(inner=Inner(content=b"", known=False))


@case(
    convey,
    "rfc9292/3.2/field-section-terminator-required",
    settings=holding(content=b"h\r\n lo", known=False),
    **REFUSED,
)
def header_section_without_its_terminator():
    """A header section of indeterminate length does not end: what follows it is no field line."""
    return drop(inside("headers.terminator"))


@case(
    convey,
    "rfc9292/3.2/field-section-terminator-required",
    settings=holding(trailers=TRAILERS, known=False),
    **REFUSED,
)
def trailer_section_without_its_terminator():
    """A trailer section of indeterminate length is the last of the message and has no terminator."""
    return drop(inside("trailers.terminator"))


@case(
    convey,
    "rfc9292/3.1/field-section-length-exact",
    settings=holding(),
    each={
        "inside the last value": LINES - 1,
        "in front of the last value": LINES - 3,
        "in front of the last value's length": LINES - 4,
        "inside the last name": LINES - 6,
        "behind the length of the last name": LINES - 9,
    },
    **REFUSED,
)
def field_section_shorter_than_its_lines(length):
    """The length of the header section ends it in the middle of a line."""
    return put(inside("headers.length"), length)


@case(
    convey,
    "rfc9292/3.1/field-section-length-exact",
    settings=holding(content=b"\x3f" + b"x" * 63 + b"\0"),
    **REFUSED,
)
def last_line_longer_than_its_section():
    """The last value reaches one octet beyond its section; a reader that goes with it finds a valid message."""
    return put(inside("headers.fields[1].value.length"), len(FIELDS[1][1]) + 1)
