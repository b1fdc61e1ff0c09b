"""Heads that are signed by another, over something else, or that cannot be (11.2, 11.4)."""

from conformance.cases import case, cut, extend, flip, octets, put
from conformance.protocols.keytrans.exchanges._search import REJECTED, search_twice
from conformance.protocols.keytrans.peers.log_answer import same_head, updated_head

SIGNATURE = "full_tree_head.tree_head.signature.octets"


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/tree-head-key-by-mode",
    "ietf-keytrans-protocol/11.4/tree-head-signature-verified",
    expect=[REJECTED],
    each={"first": put("log[0].signature_key", octets(32)), "later": put("log[1].signature_key", octets(32))},
)
def signed_by_another_key(change):
    """The head is signed rightly, by a key that is not the configured one."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.4/tree-head-signature-verified",
    expect=[REJECTED],
    each={
        "first bit": flip(f"answer[0].{SIGNATURE}", 0, 0x80),
        "last bit": flip(f"answer[0].{SIGNATURE}", -1, 1),
        "later": flip(f"answer[1].{SIGNATURE}", 32),
        "short": cut(f"answer[0].{SIGNATURE}", 1),
        "empty": put(f"answer[0].{SIGNATURE}", b""),
        "long": extend(f"answer[0].{SIGNATURE}", b"\0"),
        "zero": put(f"answer[0].{SIGNATURE}", bytes(64)),
    },
)
def signature_changed(change):
    """The signature of the head is not one."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/signed-size-and-root-match",
    expect=[REJECTED],
    each={
        "first": put("answer[0].root", octets(32)),
        "later": put("answer[1].root", octets(32)),
    },
)
def another_root_signed(change):
    """The head is signed over a root that is not that of the proof."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/signed-size-and-root-match",
    expect=[REJECTED],
    each={
        "none": put("answer[0].full_tree_head.tree_head.tree_size", 0),
        "one more": put("answer[0].full_tree_head.tree_head.tree_size", 12),
        "one less, later": put("answer[1].full_tree_head.tree_head.tree_size", 12),
        "the greatest": put("answer[0].full_tree_head.tree_head.tree_size", 2**64 - 1),
        "another signed": put("answer[0].full_tree_head.tree_head.signed_size", bytes(7) + b"\x0c"),
        "another signed, later": put("answer[1].full_tree_head.tree_head.signed_size", bytes(7) + b"\x0b"),
    },
)
def another_size_told(change):
    """The head tells, or is signed over, a size that is not that of the proof."""
    return change


@case(
    search_twice,
    "ietf-keytrans-protocol/11.2/every-configuration-field-signed",
    expect=[REJECTED],
    each={
        "ciphersuite": put("log.configuration.ciphersuite", 0xF001),
        "mode": put("log.configuration.mode", 3),
        "signature key": flip("log.configuration.signature_public_key.octets", 5),
        "VRF key": flip("log.configuration.vrf_public_key.octets", 5),
        "max_ahead": flip("log.configuration.max_ahead", 7),
        "max_behind": flip("log.configuration.max_behind", 7),
        "window": flip("log.configuration.reasonable_monitoring_window", 7),
        "lifetime": put("log.configuration.maximum_lifetime.present", b"\1" + bytes(8)),
    },
)
def another_configuration_signed(change):
    """The head is signed over a configuration of which one field is not that of the client."""
    return change


@case(search_twice, "ietf-keytrans-protocol/11.4/same-only-after-advertised-size", expect=[REJECTED])
def same_as_none():
    """To a client that advertised no size, the head is said to be the same."""
    return put("answer[0].full_tree_head", same_head())


@case(
    search_twice,
    "ietf-keytrans-protocol/11.4/updated-head-strictly-larger",
    settings={"second": 11},
    expect=[REJECTED],
)
def new_head_of_the_same_tree():
    """The log has not grown, and gives a new head of the tree that the client knows in place of the same."""
    return put("answer[1].full_tree_head", updated_head())
