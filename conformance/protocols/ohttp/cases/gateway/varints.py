"""Integers: all widths at all places, cut ones, and lengths that nothing follows (RFC 9292, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, given, put, widen
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._inside import (
    FIELDS,
    PARTS,
    REFUSED,
    TRAILERS,
    full,
    inside,
    without_behind,
)
from conformance.protocols.ohttp.exchanges import Inner, convey

CONTROL = tuple(f"{part}.length" for part in PARTS[:4])
KNOWN = (
    *CONTROL,
    "headers.length",
    "headers.fields[1].name.length",
    "headers.fields[1].value.length",
    "content.length",
)
INDETERMINATE = ("headers.fields[1].name.length", "headers.fields[1].value.length", "content.chunk[0].length")
TERMINATORS = ("headers.terminator", "content.terminator", "trailers.terminator")
WIDTHS = (2, 4, 8)
HUGE = (2**31, 2**32, 2**62 - 1)


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    expect=[ACCEPTED],
    each={f"{place} in {w}": (place, w) for place in ("framing", *KNOWN, "trailers.length") for w in WIDTHS},
)
def integer_wider_than_needed(attempt):
    """One integer of a request of known length has a longer form than it needs."""
    place, width = attempt
    return full(), widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    expect=[ACCEPTED],
    each={f"{place} in {w}": (place, w) for place in ("framing", *INDETERMINATE) for w in WIDTHS},
)
def integer_wider_than_needed_in_indeterminate_length(attempt):
    """One integer of a request of indeterminate length has a longer form than it needs."""
    place, width = attempt
    return full(known=False), widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    expect=[ACCEPTED],
    each={
        f"{place} in {w}": (place, w)
        for place in ("length", "fields[0].name.length", "fields[0].value.length")
        for w in WIDTHS
    },
)
def integer_wider_than_needed_in_trailers(attempt):
    """One integer of a trailer section has a longer form than it needs."""
    place, width = attempt
    return full(trailers=TRAILERS), widen(inside(f"trailers.{place}"), width)


@case(
    convey,
    "rfc9292/3.2/non-minimal-terminator-accepted",
    expect=[ACCEPTED],
    each={f"{place} in {w}": (place, w) for place in TERMINATORS for w in WIDTHS},
)
def terminator_wider_than_needed(attempt):
    """A zero that ends a field section or the content has a longer form than it needs."""
    place, width = attempt
    return full(known=False), widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/cut-integer-refused",
    each={
        f"{part} begins with {form.hex()}": (part, form)
        for part in PARTS
        for form in (b"\x40", b"\x80", b"\x80\0\0", b"\xc0", b"\xc0\0\0\0\0\0\0")
    },
    **REFUSED,
)
def message_ends_inside_a_length(attempt):
    """The message ends in the middle of the length that a part begins with."""
    part, form = attempt
    return full(), put(inside(part), form), *without_behind(part)


@case(convey, "rfc9292/3/cut-integer-refused", each=(b"", b"\x40", b"\x80\0", b"\xc0"), **REFUSED)
def message_ends_inside_its_framing_indicator(octets):
    """All that is sealed is nothing, or the first octets of an integer."""
    return put(inside(), octets)


@case(
    convey,
    "rfc9292/3/huge-length-refused-cheaply",
    each={f"{place} is {n}": (place, n) for place in KNOWN for n in HUGE},
    **REFUSED,
)
def huge_length(attempt):
    """A length in a request of known length is far beyond what follows it."""
    place, length = attempt
    return full(), put(inside(place), length)


@case(
    convey,
    "rfc9292/3/huge-length-refused-cheaply",
    each={f"{place} is {n}": (place, n) for place in INDETERMINATE for n in HUGE},
    **REFUSED,
)
def huge_length_in_indeterminate_length(attempt):
    """A length in a request of indeterminate length is far beyond what follows it."""
    place, length = attempt
    return full(known=False), put(inside(place), length)


@case(convey, "rfc9292/3/huge-length-refused-cheaply", each=HUGE, **REFUSED)
def huge_trailer_section(length):
    """The length of the trailer section is far beyond what follows it."""
    changed = Inner(fields=FIELDS, trailers=TRAILERS)
    return given(inner=changed), put(inside("trailers.length"), length)


@case(convey, "rfc9292/3.1/short-content-refused", each=(1, 2, 58, 16_378), **REFUSED)
def content_shorter_than_its_length(by):
    """The content's length is a little more than the content has; there are no trailers."""
    return put(inside("content.length"), len(b"hello") + by), drop(inside("trailers"))
