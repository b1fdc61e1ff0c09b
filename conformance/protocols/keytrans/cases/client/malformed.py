"""Answers and configurations that are malformed (2.1, 11.2)."""

from conformance.cases import case, cut, extend, put
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/presence-octet-zero-or-one",
    expect=[REJECTED],
    each={
        "2": put("answer[0].binary_ladder[0].commitment.present", 2),
        "255": put("answer[0].binary_ladder[0].commitment.present", 255),
        "later": put("answer[1].binary_ladder[2].commitment.present", 2),
    },
)
def presence_octet(change):
    """The octet in front of an optional commitment is neither 0 nor 1."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/malformed-encoding-refused",
    expect=[REJECTED],
    each={
        "an octet behind": extend("answer", b"\0"),
        "many behind, later": extend("answer[1]", bytes(100)),
    },
)
def octets_behind(change):
    """Octets stand behind the answer."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/malformed-encoding-refused",
    expect=[REJECTED],
    each={
        "empty": put("answer[0]", b""),
        "one octet": put("answer[0]", b"\2"),
        "an octet short": cut("answer[0]", 1),
        "an element short": cut("answer[0]", 32),
        "without a proof": put("answer[0].search", b""),
        "later": cut("answer[1]", 1),
    },
)
def cut_short(change):
    """The answer ends before it is whole."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/malformed-encoding-refused",
    expect=[REJECTED],
    each={
        "head type 0": put("answer[0].full_tree_head.head_type", 0),
        "head type 3": put("answer[0].full_tree_head.head_type", 3),
        "result type 0": put("answer[0].search.prefix_proofs[0].results[0].result_type", 0),
        "result type 4": put("answer[0].search.prefix_proofs[0].results[0].result_type", 4),
    },
)
def unknown_type(change):
    """A type is none of those that there are."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/fixed-array-length-per-suite",
    expect=[REJECTED],
)
def proofs_of_another_length():
    """Each VRF proof of the ladder has an octet more than those of the suite."""
    return [extend(f"answer[0].binary_ladder[{step}].proof", b"\0") for step in range(4)]


@case(
    search_twice,
    "ietf-keytrans-protocol/2.1/oversized-vector-count-refused",
    expect=[REJECTED],
    each={
        "ladder": put("answer[0].binary_ladder_count", 255),
        "inclusion": put("answer[0].search.inclusion.elements_count", 65535),
        "value": put("answer[0].value.length", 2**32 - 1),
    },
)
def count_beyond_the_end(change):
    """A vector is said to have more elements than octets are left."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/unknown-suite-or-mode-refused",
    expect=[REJECTED],
    each={
        "suite 0": put("configuration.ciphersuite", 0),
        "suite 3": put("configuration.ciphersuite", 3),
        "a private suite": put("configuration.ciphersuite", 0xF000),
        "mode 0": put("configuration.mode", 0),
        "mode 4": put("configuration.mode", 4),
    },
)
def unknown_suite_or_mode(change):
    """The client is configured with a suite or mode that does not exist."""
    return change
