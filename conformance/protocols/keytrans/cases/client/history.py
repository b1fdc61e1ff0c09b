"""The log rewrites what the client has seen of it (draft-ietf-keytrans-protocol, 4, 11.4, 12.1)."""

from conformance.cases import case, drop, flip, octets, put
from conformance.protocols.keytrans.exchanges._search import REJECTED, SECOND, search_twice


@case(search_twice, "ietf-keytrans-protocol/12.1/recomputed-head-matches-retained", expect=[REJECTED])
def old_entry_rewritten():
    """Between two searches the prefix root of an entry under a retained subtree changes; all above it is signed anew.

    The second search passes other entries of that subtree, so that its head is computed again, and differs.
    """
    return put("log[1].entry[2].prefix_tree", octets(32))


@case(
    search_twice,
    "ietf-keytrans-protocol/4/later-head-extends-earlier-tree",
    "ietf-keytrans-protocol/3.2/consistency-from-retained-heads",
    expect=[REJECTED],
    each={
        "first": put("log[1].entry[0].prefix_tree", octets(32)),
        "below the first subtree": put("log[1].entry[6].prefix_tree", octets(32)),
        "below the second subtree": put("log[1].entry[8].prefix_tree", octets(32)),
        "the last one seen": put("log[1].entry[10].prefix_tree", octets(32)),
        "its timestamp": flip("log[1].entry[2].timestamp", 7),
    },
)
def entry_of_the_earlier_tree_rewritten(change):
    """Between two searches one entry of the tree that the client knows becomes another; the new head is signed."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/proof-matches-retained-prefix-root",
    expect=[REJECTED],
    each={
        "another commitment": put("log[1].entry[2].leaf[0].commitment", octets(32)),
        "another value of the version": put("log[1].entry[4].leaf[0].value", b"rewritten"),
        "another search key": put("log[1].entry[6].leaf[1].key", octets(32)),
    },
)
def old_value_rewritten(change):
    """Between two searches something that was inserted long ago becomes another, in all prefix trees since then."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.4/updated-head-strictly-larger",
    expect=[REJECTED],
    each=(10, 8, 5),
)
def rollback(size):
    """In the second search the log is that of an earlier time, before the client first searched."""
    return [drop("log[1].entry[-1]") for _ in range(SECOND - size)]


@case(
    search_twice,
    "ietf-keytrans-protocol/11.4/updated-head-strictly-larger",
    "ietf-keytrans-protocol/4/later-head-extends-earlier-tree",
    expect=[REJECTED],
    each={
        "another prefix root": put("log[1].entry[2].prefix_tree", octets(32)),
        "another commitment": put("log[1].entry[2].leaf[0].commitment", octets(32)),
        "another last entry": put("log[1].entry[10].prefix_tree", octets(32)),
    },
)
def fork_of_equal_size(change):
    """In the second search the log is another of the same size, under a head that is signed anew."""
    return [drop("log[1].entry[-1]"), drop("log[1].entry[-1]"), change]
