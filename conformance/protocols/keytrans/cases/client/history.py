"""The log rewrites what the client has seen of it (draft-ietf-keytrans-protocol, 4, 11.4, 12)."""

from conformance.cases import case, drop, octets, put
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice


@case(search_twice, "ietf-keytrans-protocol/12.1/recomputed-head-matches-retained", expect=[REJECTED])
def old_entry_rewritten():
    """Between two searches the prefix root of an entry under a retained subtree changes; all above it is signed anew.

    The second search passes other entries of that subtree, so that its head is computed again and differs.
    """
    return put("log[1].entry[2].prefix_tree", octets(32))


@case(
    search_twice,
    "ietf-keytrans-protocol/11.4/updated-head-strictly-larger",
    "ietf-keytrans-protocol/13/newest-verified-heads-retained",
    expect=[REJECTED],
    each=(10, 4, 1),
)
def rollback(size):
    """In the second search the log is that of an earlier time, of which the client once knew more."""
    return [drop("log[1].entry[-1]") for _ in range(13 - size)]
