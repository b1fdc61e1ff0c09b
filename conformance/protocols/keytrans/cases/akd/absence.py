"""Proofs that something is not in AKD's tree."""

from conformance.cases import case, drop, flip, given, put
from conformance.library import REFUSED, none_taken
from conformance.protocols.keytrans.cases.akd import _lies as lies
from conformance.protocols.keytrans.exchanges._akd import EPOCHS, Lie, verify_lookup
from conformance.protocols.keytrans.messages.protobuf import base128

ABSENT = "proof.freshness_proof.value"


def _present(version: int, at: int) -> Lie:
    return Lie(f"version {version}, node {at}", lambda configuration: lies.absent_at(configuration, version, at))


@case(verify_lookup, "akd/nonmem/absence-of-present-label-refused")
async def present_at_any_node(bench):
    """Each outdated version, whose stale mark is in the tree, with each absence proof of the nodes above it."""
    for version in range(1, EPOCHS):
        for at in range(len(lies.anchors(bench.variant["configuration"], version))):
            lie = _present(version, at)
            await verify_lookup(bench.part(str(lie)), lie=lie)


present_at_any_node.judge(none_taken(verify_lookup))


@case(verify_lookup, "akd/nonmem/searched-label-differs-from-children", expect=[REFUSED], each=range(1, EPOCHS))
def present_as_a_child(version):
    """The absence proof of a label that is one of the two children shown."""
    return given(lie=_present(version, -1))


@case(verify_lookup, "akd/nonmem/longest-prefix-covers-label", expect=[REFUSED])
def prefix_elsewhere():
    """The node with its children is in the tree, but the label does not lead there."""
    return given(lie=Lie("elsewhere", lies.elsewhere))


@case(verify_lookup, "akd/nonmem/longest-prefix-common-to-children", expect=[REFUSED])
def prefix_shorter_than_its_children():
    """The tree itself labels a node a bit shorter than its children have in common."""
    return given(lie=Lie("relabelled", lies.relabelled))


@case(
    verify_lookup,
    "akd/nonmem/children-match-inner-proof",
    expect=[REFUSED],
    each={
        "left value": flip(f"{ABSENT}.longest_prefix_children[0].value.value.value", 0),
        "right value": flip(f"{ABSENT}.longest_prefix_children[1].value.value.value", -1),
        "the node's value": flip(f"{ABSENT}.longest_prefix_membership_proof.value.hash_val.value", 0),
        "a child is missing": drop(f"{ABSENT}.longest_prefix_children[0]"),
    },
)
def children_of_another_node(change):
    """The children are not those of the node whose place in the tree is shown."""
    return change


@case(
    verify_lookup,
    "akd/nonmem/inner-membership-proof-verified",
    expect=[REFUSED],
    each={
        "a sibling's value": flip(
            f"{ABSENT}.longest_prefix_membership_proof.value.sibling_proofs[0].value.siblings[0].value.value.value", 0
        ),
        "a direction": flip(
            f"{ABSENT}.longest_prefix_membership_proof.value.sibling_proofs[0].value.direction.value", 0
        ),
        "a step is missing": drop(f"{ABSENT}.longest_prefix_membership_proof.value.sibling_proofs[0]"),
        "a node's label": put(
            f"{ABSENT}.longest_prefix_membership_proof.value.sibling_proofs[-1].value.label.value.label_len.value",
            base128(199),
        ),
    },
)
def node_of_another_tree(change):
    """The node is not shown to be in the tree."""
    return change
