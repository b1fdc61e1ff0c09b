"""Honest logs of many sizes and shapes: the client follows (4.2, 7.2, 11.4)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import search_twice

GROWTH = ((1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 13), (10, 11), (12, 16), (16, 17), (15, 33))


@case(
    search_twice,
    "ietf-keytrans-protocol/4.2/frontier-and-subtree-heads-retained",
    expect=[ACCEPTED],
    each={f"{first} to {second}": (first, second) for first, second in GROWTH},
)
def growing(sizes):
    """The log grows between two searches; the second answer holds nothing that the client retained."""
    first, second = sizes
    return given(first=first, second=second, version=0, versions=(0,))


@case(
    search_twice,
    "ietf-keytrans-protocol/13/newest-verified-heads-retained",
    expect=[ACCEPTED],
    each=(1, 2, 7, 11),
)
def not_growing(size):
    """The log has not grown, and says that the head is the same."""
    return given(first=size, second=size, version=0, versions=(0,))


@case(
    search_twice,
    "ietf-keytrans-protocol/13.1/search-proof-verified",
    expect=[ACCEPTED],
    each={
        "the first": (0, (1, 4, 5, 6, 9, 11)),
        "the greatest": (4, (1, 4, 5, 6, 9, 11)),
        "the only one": (0, (3,)),
        "with the last entry": (1, (2, 10)),
        "of many": (5, (0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 5, 9, 10)),
        "all with the first entry": (6, (0,) * 16),
    },
)
def versions(attempt):
    """Each version is found, wherever it came and whatever came with it."""
    version, placed = attempt
    return given(version=version, versions=placed)
