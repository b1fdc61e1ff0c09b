"""Searches for the greatest version of a label (6.3), for clients that have them."""

from typing import Any

from conformance.cases import case, given
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice

NEEDS: dict[str, Any] = {"needs": ["greatest"], "settings": {"version": None}}


@case(
    search_twice,
    "ietf-keytrans-protocol/6.3/search-from-rightmost-distinguished",
    expect=[ACCEPTED],
    **NEEDS,
    each={"a week": None, "three entries": 3000, "every entry": 0, "more than there is time": 2**63},
)
def from_the_rightmost_distinguished_entry(window):
    """The search begins at the rightmost distinguished entry, or at the root where the window leaves none."""
    return given(window=window)


@case(
    search_twice,
    "ietf-keytrans-protocol/6.3/no-version-above-claimed-greatest",
    expect=[REJECTED],
    **NEEDS,
    each={"one less": 3, "the first": 0},
)
def older_version_claimed(claimed):
    """The log says that a version is the greatest, and its own prefix trees show a greater one."""
    return given(claimed=claimed)


@case(
    search_twice,
    "ietf-keytrans-protocol/6.3/rightmost-entry-holds-claimed-version",
    expect=[REJECTED],
    **NEEDS,
    each={"the next": 5, "a later one": 9},
)
def version_claimed_that_is_not_there(claimed):
    """The log says that a version is the greatest which the newest entry does not hold."""
    return given(claimed=claimed, versions=(1, 4, 5, 6, 9))
