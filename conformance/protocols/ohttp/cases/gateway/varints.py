"""Integers: all widths at all places, cut ones, and lengths that nothing follows (RFC 9292, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, flip, put, widen
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases.gateway._inside import PARTS, REFUSED, TRAILERS, holding, inside, without_behind
from conformance.protocols.ohttp.exchanges import convey

CONTROL = tuple(f"{part}.length" for part in PARTS[:4])
LINE = ("headers.fields[1].name.length", "headers.fields[1].value.length")
KNOWN = (*CONTROL, "headers.length", *LINE, "content.length")
INDETERMINATE = (*LINE, "content.chunk[0].length")
TRAILING = ("trailers.length", "trailers.fields[0].name.length", "trailers.fields[0].value.length")
TERMINATORS = ("headers.terminator", "content.terminator", "trailers.terminator")
WIDTHS = (2, 4, 8)
HUGE = (2**31, 2**32, 2**62 - 1)
BEYOND = {"2^29 more": (4, 0), "2^61 more": (8, 0), "2^53 more": (8, 1)}
"""The width of an integer, and of which of its octets a bit (20) is turned that careless readers lose."""


def each_in_widths(*places: str) -> dict[str, tuple[str, int]]:
    """Each integer in each width that is longer than it needs."""
    return {f"{place} in {width}": (place, width) for place in places for width in WIDTHS}


def each_huge(*places: str) -> dict[str, tuple[str, int]]:
    """Each length with each number that is far too large."""
    return {f"{place} is {length}": (place, length) for place in places for length in HUGE}


def each_beyond(*places: str) -> dict[str, tuple[str, int, int]]:
    """Each length with so much more that a reader that loses bits of an integer takes it for the right one."""
    return {f"{place} is {more}": (place, *at) for place in places for more, at in BEYOND.items()}


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    settings=holding(),
    expect=[ACCEPTED],
    each=each_in_widths("framing", *KNOWN, "trailers.length"),
)
def integer_wider_than_needed(attempt):
    """One integer of a request of known length has a longer form than it needs."""
    place, width = attempt
    return widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    settings=holding(known=False),
    expect=[ACCEPTED],
    each=each_in_widths("framing", *INDETERMINATE),
)
def integer_wider_than_needed_in_indeterminate_length(attempt):
    """One integer of a request of indeterminate length has a longer form than it needs."""
    place, width = attempt
    return widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/any-integer-width-accepted",
    settings=holding(trailers=TRAILERS),
    expect=[ACCEPTED],
    each=each_in_widths(*TRAILING),
)
def integer_wider_than_needed_in_trailers(attempt):
    """One integer of a trailer section has a longer form than it needs."""
    place, width = attempt
    return widen(inside(place), width)


@case(
    convey,
    "rfc9292/3.2/non-minimal-terminator-accepted",
    settings=holding(known=False),
    expect=[ACCEPTED],
    each=each_in_widths(*TERMINATORS),
)
def terminator_wider_than_needed(attempt):
    """A zero that ends a field section or the content has a longer form than it needs."""
    place, width = attempt
    return widen(inside(place), width)


@case(
    convey,
    "rfc9292/3/cut-integer-refused",
    settings=holding(),
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
    return put(inside(part), form), *without_behind(part)


@case(convey, "rfc9292/3/cut-integer-refused", each=(b"", b"\x40", b"\x80\0", b"\xc0"), **REFUSED)
def message_ends_inside_its_framing_indicator(octets):
    """All that is sealed is nothing, or the first octets of an integer."""
    return put(inside(), octets)


@case(convey, "rfc9292/3/huge-length-refused-cheaply", settings=holding(), each=each_huge(*KNOWN), **REFUSED)
def huge_length(attempt):
    """A length in a request of known length is far beyond what follows it."""
    place, length = attempt
    return put(inside(place), length)


@case(
    convey,
    "rfc9292/3/huge-length-refused-cheaply",
    settings=holding(known=False),
    each=each_huge(*INDETERMINATE),
    **REFUSED,
)
def huge_length_in_indeterminate_length(attempt):
    """A length in a request of indeterminate length is far beyond what follows it."""
    place, length = attempt
    return put(inside(place), length)


@case(
    convey,
    "rfc9292/3/huge-length-refused-cheaply",
    settings=holding(trailers=TRAILERS),
    each=each_huge(*TRAILING),
    **REFUSED,
)
def huge_length_in_trailers(attempt):
    """A length in the trailer section is far beyond what follows it."""
    place, length = attempt
    return put(inside(place), length)


@case(convey, "rfc9292/3/huge-length-refused-cheaply", settings=holding(), each=each_beyond(*KNOWN), **REFUSED)
def length_right_but_for_one_bit(attempt):
    """A length has one of the bits that careless readers lose: 2^29 in four octets, 2^53 or 2^61 in eight."""
    place, width, octet = attempt
    return widen(inside(place), width), flip(inside(place), octet, 0x20)


@case(
    convey,
    "rfc9292/3/huge-length-refused-cheaply",
    settings=holding(known=False),
    each=each_beyond(*INDETERMINATE),
    **REFUSED,
)
def length_right_but_for_one_bit_in_indeterminate_length(attempt):
    """A length in a request of indeterminate length has one of the bits that careless readers lose."""
    place, width, octet = attempt
    return widen(inside(place), width), flip(inside(place), octet, 0x20)


@case(convey, "rfc9292/3.1/short-content-refused", each=(1, 2, 58, 16_378), **REFUSED)
def content_shorter_than_its_length(by):
    """The content's length is a little more than the content has; there are no trailers."""
    return put(inside("content.length"), len(b"hello") + by), drop(inside("trailers"))
