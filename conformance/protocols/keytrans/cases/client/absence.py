"""Absence of what is there, shown with honest nodes: each node on the path in each form that the format allows.

Entry 7, the root of the search tree, holds the version that is searched. A log that is believed there sends the client
on to an entry in which a later version stands, which nobody had to check. Bit flips never find this.
"""

from conformance.cases import case, insert
from conformance.model import Change
from conformance.protocols.keytrans.exchanges._search import REJECTED, TARGET, search_twice
from conformance.protocols.keytrans.peers.log_history import (
    NEIGHBOUR,
    OWN_LEAF,
    STAND_IN_GIVEN,
    STAND_IN_THERE,
    forged,
)

UP = {"the leaf": 0, "one above": 1, "two above": 2, "three above": 3, "four above": 4, "the root": 255}
NODES = {
    f"{where}, {when}": (arrival, up) for when, arrival in (("first", 0), ("later", 1)) for where, up in UP.items()
}


def _lie(form: int, node: tuple[int, int]) -> Change:
    arrival, up = node
    return insert(f"log[{arrival}].forged", 0, forged(7, TARGET, form, up))


@case(
    search_twice,
    "ietf-keytrans-protocol/12.2/non-inclusion-leaf-key-differs",
    "ietf-keytrans-protocol/3.3/non-inclusion-terminal-on-path",
    expect=[REJECTED],
    each=NODES,
)
def by_its_own_leaf(node):
    """A version is said to be absent, and what ends the search is the leaf of that version itself."""
    return _lie(OWN_LEAF, node)


@case(
    search_twice,
    "ietf-keytrans-protocol/12.2/non-inclusion-leaf-on-path",
    "ietf-keytrans-protocol/3.3/non-inclusion-terminal-on-path",
    expect=[REJECTED],
    each=NODES,
)
def by_a_neighbour(node):
    """A version is said to be absent, and what ends the search is a leaf that stands elsewhere in the tree."""
    return _lie(NEIGHBOUR, node)


@case(
    search_twice,
    "ietf-keytrans-protocol/3.3/search-proof-gives-prefix-root",
    "ietf-keytrans-protocol/12.2/computed-root-matches-prefix-root",
    expect=[REJECTED],
    each=NODES,
)
def by_a_stand_in(node):
    """A version is said to be absent, as if the node on its path were a child that does not exist."""
    return _lie(STAND_IN_THERE, node)


@case(
    search_twice,
    "ietf-keytrans-protocol/3.3/search-proof-gives-prefix-root",
    expect=[REJECTED],
    each=NODES,
)
def by_a_stand_in_whose_value_is_given(node):
    """A version is said to be absent as if the node were missing, while its value is among the elements."""
    return _lie(STAND_IN_GIVEN, node)
