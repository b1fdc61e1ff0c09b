"""What a client keeps between searches (13)."""

from collections.abc import Iterator

from conformance.cases import case, flip, watch
from conformance.model import Finding, Part
from conformance.protocols.keytrans.exchanges._search import REJECTED, ROLE, replayed, search_twice


@case(
    search_twice,
    "ietf-keytrans-protocol/13/state-saved-after-full-verification",
    "ietf-keytrans-protocol/13/failed-query-keeps-state",
    expect=[REJECTED],
    each={
        "the signature": flip("answer[1].full_tree_head.tree_head.signature.octets", 0),
        "an element": flip("answer[1].search.prefix_roots[0]", 0),
        "the first one": flip("answer[0].full_tree_head.tree_head.signature.octets", 0),
    },
)
def refused_answer_changes_nothing(change):
    """An answer is wrong in what is checked last; then the honest log answers, and the client goes on as it was."""
    return change


@watch(
    ROLE,
    "ietf-keytrans-protocol/13/last-filled-from-retained-head",
    "ietf-keytrans-protocol/4.2/last-accepted-size-advertised",
)
def size_advertised(part: Part) -> Iterator[Finding]:
    """Each search names the size of the last head that the client took, and none before the first."""
    for search in replayed(part):
        known = None if search.before is None else search.before.size
        if search.advertised == known:
            yield Finding("as-expected", f"advertised {known}")
        elif not search.why or search.advertised is None:
            yield Finding("violation", f"advertised {search.advertised}, having taken a head of {known}")
