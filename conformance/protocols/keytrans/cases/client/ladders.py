"""Ladders that are longer or shorter than they should be (5, 6.2), and a view that learns too little (4.2)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice


@case(
    search_twice,
    "ietf-keytrans-protocol/6.2/inclusion-proven-left-omitted",
    "ietf-keytrans-protocol/6.2/non-inclusion-proven-right-omitted",
    expect=[REJECTED],
)
def nothing_left_out():
    """Every ladder has all its lookups, also those that an earlier one made needless; all of them are honest."""
    return given(ladders="never")


@case(search_twice, "ietf-keytrans-protocol/6.2/omission-in-wrong-direction-refused", expect=[REJECTED])
def too_much_left_out():
    """Ladders leave out what an earlier one showed on the wrong side: inclusion on the right, absence on the left."""
    return given(ladders="both-sides", version=0, versions=(0, 1, 2, 3, 4, 5))


@case(search_twice, "ietf-keytrans-protocol/4.2/grown-tree-without-timestamp-refused", expect=[REJECTED])
def rightmost_timestamp_missing():
    """The log grows by an entry below the last one, and tells nothing of it but its hash, as older drafts had it."""
    return given(first=2, second=3, version=0, versions=(0,), older=True)


@case(
    search_twice,
    "ietf-keytrans-protocol/5/ladder-skips-versions-above-maximum",
    expect=[ACCEPTED],
)
def greatest_possible_version():
    """The version 2^32 - 1 is searched, above which no version is looked up."""
    return given(version=2**32 - 1, versions={2**n - 1: 0 for n in range(33)})
