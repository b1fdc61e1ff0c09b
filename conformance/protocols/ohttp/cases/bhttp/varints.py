"""Integers of Binary HTTP: every width, cut ones, and lengths that nobody has the octets for (RFC 9292, Section 3)."""

from collections.abc import Mapping

from conformance.cases import case
from conformance.model import ACCEPTED, Change
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    Changes,
    cut_integers,
    huge_lengths,
    indeterminate,
    known,
    prefixed,
    widths,
)
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode

KNOWN, INDETERMINATE = {"framing": ["known"]}, {"framing": ["indeterminate"]}
RESPONSES = {"message": RESPONSE}
WIDE, CUT, HUGE = (
    "rfc9292/3/any-integer-width-accepted",
    "rfc9292/3/cut-integer-refused",
    "rfc9292/3/huge-length-refused-cheaply",
)


def sent(table: Mapping[str, Changes]) -> dict[str, tuple[Change, ...]]:
    """A table of changes, at the point of the exchange."""
    return prefixed(table, "message")


@case(decode, WIDE, expect=[ACCEPTED], where=KNOWN, each=sent(widths(known(REQUEST))))
def integer_widened(changes):
    """One integer of a request is written in more octets than it needs."""
    return changes


@case(decode, WIDE, expect=[ACCEPTED], where=INDETERMINATE, each=sent(widths(indeterminate(REQUEST))))
def integer_widened_in_indeterminate_length(changes):
    """One integer of a request of indeterminate length is written in more octets than it needs."""
    return changes


@case(decode, WIDE, expect=[ACCEPTED], where=KNOWN, settings=RESPONSES, each=sent(widths(known(RESPONSE))))
def integer_of_a_response_widened(changes):
    """One integer of a response, its status among them, is written in more octets than it needs."""
    return changes


@case(decode, CUT, expect=[REFUSED], where=KNOWN, each=sent(cut_integers(known(REQUEST))))
def integer_cut(changes):
    """The message ends within an integer."""
    return changes


@case(decode, CUT, expect=[REFUSED], where=INDETERMINATE, each=sent(cut_integers(indeterminate(REQUEST))))
def integer_cut_in_indeterminate_length(changes):
    """The message of indeterminate length ends within an integer."""
    return changes


@case(decode, CUT, expect=[REFUSED], where=KNOWN, settings=RESPONSES, each=sent(cut_integers(known(RESPONSE))))
def integer_of_a_response_cut(changes):
    """The response ends within an integer."""
    return changes


@case(decode, HUGE, expect=[REFUSED], where=KNOWN, each=sent(huge_lengths(known(REQUEST))))
def length_huge(changes):
    """A length says 2^29 to 2^62-1 octets, also such as a reader that loses bits takes for right; there are a dozen."""
    return changes


@case(decode, HUGE, expect=[REFUSED], where=INDETERMINATE, each=sent(huge_lengths(indeterminate(REQUEST))))
def length_huge_in_indeterminate_length(changes):
    """A length of a line or chunk says 2^29 octets or more, also such as a reader that loses bits takes for right."""
    return changes
