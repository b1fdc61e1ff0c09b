"""Proofs of which elements are changed, missing or left over (12)."""

from conformance.cases import case, drop, flip, given, insert, octets, put, swap
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice
from conformance.protocols.keytrans.peers.log_answer import prefix_proof_recipe
from conformance.protocols.keytrans.trees import PrefixProof
from conformance.wire import UInt

TWO_AT_ONCE = (1, 5, 5, 6, 9, 11)
"""Version 1 came with version 2, so that it is the greatest nowhere, and is looked up by itself (7.2, step 6)."""


@case(
    search_twice,
    "ietf-keytrans-protocol/3.2/inclusion-proof-gives-log-root",
    "ietf-keytrans-protocol/13.1/head-verified-with-candidate-root",
    expect=[REJECTED],
    each={
        "first": flip("answer[0].search.inclusion.elements[0]", 0),
        "last": flip("answer[0].search.inclusion.elements[-1]", -1),
        "two swapped": swap("answer[0].search.inclusion.elements", 0, 1),
        "a prefix root": flip("answer[0].search.prefix_roots[0]", 0),
        "a new prefix root": flip("answer[1].search.prefix_roots[0]", 0),
        "a timestamp": flip("answer[0].search.timestamps[0]", 7),
    },
)
def inclusion_changed(change):
    """What the root of the log is computed from is not what the head was signed over."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.1/recomputed-head-matches-retained",
    expect=[REJECTED],
)
def inclusion_below_a_retained_head_changed():
    """In the second search an element below a retained head is another."""
    return flip("answer[1].search.inclusion.elements[0]", 0)


@case(
    search_twice,
    "ietf-keytrans-protocol/12.1/inclusion-elements-exact",
    expect=[REJECTED],
    each={
        "one more": insert("answer.search.inclusion.elements", -1, octets(32)),
        "the last twice": insert("answer[1].search.inclusion.elements", -1, bytes(32)),
        "one less": drop("answer.search.inclusion.elements[-1]"),
    },
)
def other_number_of_inclusion_elements(change):
    """The inclusion proof has an element too many, or too few."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/timestamps-exact",
    expect=[REJECTED],
    each={
        "one more": insert("answer.search.timestamps", -1, UInt(0, 8)),
        "one more, later": insert("answer[1].search.timestamps", -1, UInt(0, 8)),
        "one less": drop("answer.search.timestamps[-1]"),
        "none": put("answer[1].search.timestamps", b""),
    },
)
def other_number_of_timestamps(change):
    """There is a timestamp too many, or too few."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/prefix-proofs-exact",
    expect=[REJECTED],
    each={
        "one more": insert("answer.search.prefix_proofs", -1, prefix_proof_recipe(PrefixProof((), (bytes(32),)))),
        "one less": drop("answer.search.prefix_proofs[-1]"),
        "one less, later": drop("answer[1].search.prefix_proofs[0]"),
    },
)
def other_number_of_prefix_proofs(change):
    """There is a prefix proof too many, or too few."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/prefix-roots-exact",
    expect=[REJECTED],
    each={
        "one more": insert("answer.search.prefix_roots", -1, octets(32)),
        "one less": drop("answer.search.prefix_roots[-1]"),
        "one more, later": insert("answer[1].search.prefix_roots", -1, octets(32)),
    },
)
def other_number_of_prefix_roots(change):
    """There is a prefix root too many, or too few."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.2/result-count-matches-lookups",
    expect=[REJECTED],
    each={
        "one more": insert("answer.search.prefix_proofs[-1].results", -1, bytes.fromhex("03ff")),
        "the last twice": insert("answer[1].search.prefix_proofs[0].results", -1, bytes.fromhex("03ff")),
        "one less": drop("answer.search.prefix_proofs[0].results[-1]"),
    },
)
def other_number_of_results(change):
    """A prefix proof has a result too many, or too few."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.2/computed-root-matches-prefix-root",
    "ietf-keytrans-protocol/3.3/search-proof-gives-prefix-root",
    expect=[REJECTED],
    each={
        "an element": flip("answer[0].search.prefix_proofs[0].elements[0]", 0),
        "the last element": flip("answer[0].search.prefix_proofs[-1].elements[-1]", 31),
        "two elements swapped": swap("answer[0].search.prefix_proofs[0].elements", 0, 1),
        "one element more": insert("answer[0].search.prefix_proofs[0].elements", -1, bytes(32)),
        "a commitment": flip("answer[0].binary_ladder[0].commitment.value", 0),
    },
)
def prefix_proof_changed(change):
    """What the prefix root of an entry is computed from is not what is in its tree."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/proof-matches-retained-prefix-root",
    expect=[REJECTED],
    each={
        "an element": flip("answer[1].search.prefix_proofs[0].elements[0]", 0),
        "the last element": flip("answer[1].search.prefix_proofs[0].elements[-1]", 0),
    },
)
def prefix_proof_of_a_retained_entry_changed(change):
    """A proof of an entry that the client knows, and that no inclusion proof covers, gives another prefix root."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/12.3/proofs-of-one-entry-agree",
    settings={"versions": TWO_AT_ONCE},
    expect=[REJECTED],
)
def two_prefix_roots_of_one_entry():
    """An entry is looked at twice, and the second proof gives another prefix root."""
    return flip("answer[0].search.prefix_proofs[-1].elements[0]", 0)


@case(
    search_twice,
    "ietf-keytrans-protocol/7.2/chosen-entry-lookup-decides",
    expect=[ACCEPTED],
)
def version_that_is_nowhere_the_greatest():
    """Two versions came with one entry; the lesser is found by a lookup of its own."""
    return given(versions=TWO_AT_ONCE)
