"""Append-only proofs of AKD, as an auditor verifies them."""

from conformance.bench import Bench
from conformance.cases import case, drop, flip, given, put, repeat, swap
from conformance.library import REFUSED, by_itself, none_taken
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.cases.akd import _lies as lies
from conformance.protocols.keytrans.exchanges._akd import EPOCHS, Lie, verify_audit

HASHING = ("akd/conf/leaf-binds-commitment-and-epoch",)
UNCHANGED, INSERTED = "proof.proofs[0].value.unchanged_nodes", "proof.proofs[0].value.inserted"
DROPPED = "akd/audit/dropped-elements-refused"


@case(
    by_itself(verify_audit),
    *HASHING,
    expect=[ACCEPTED],
    each={f"from {start} to {end}": (start, end) for start in (0, 1, 3) for end in (start + 1, EPOCHS)},
)
def epochs(which):
    """Honest steps, one or several, are verified."""
    return given(start=which[0], end=which[1])


@case(
    verify_audit,
    "akd/audit/hash-and-proof-counts-match",
    expect=[REFUSED],
    each={str(lie): lie for lie in (lies.counted(1, 0, 0), lies.counted(-1, 0, 0), lies.counted(0, 1, 0),
                                    lies.counted(0, -1, 0), lies.counted(1, 0, 1), lies.counted(0, 0, -1))},
)  # fmt: skip
def counts_that_do_not_match(lie):
    """A hash, a proof or an epoch is missing, or one too many."""
    return given(lie=lie)


@case(verify_audit, "akd/audit/epochs-consecutive", expect=[REFUSED])
def epoch_left_out():
    """From epoch 2 to 3, and from there to 5, rightly hashed: the epochs do not follow on one another."""
    return given(lie=Lie("gap", lies.gap))


@case(
    verify_audit,
    "akd/audit/unchanged-nodes-give-start-hash",
    expect=[REFUSED],
    each={
        "a value": flip(f"{UNCHANGED}[0].value.value.value", 0),
        "a label": put(f"{UNCHANGED}[0].value.label.value.label_val.value", b"\x5a"),
        "one is missing": drop(f"{UNCHANGED}[0]"),
        "the last is missing": drop(f"{UNCHANGED}[-1]"),
        "the start hash": flip("hashes.hash[0]", 0),
        "hashes swapped": swap("hashes.hash", 0, 1),
    },
)
def other_unchanged_nodes(change):
    """The nodes that stayed are not those of the tree before."""
    return change


@case(
    verify_audit,
    "akd/audit/inserted-nodes-give-end-hash",
    expect=[REFUSED],
    each={
        "a value": flip(f"{INSERTED}[0].value.value.value", 0),
        "a label": flip(f"{INSERTED}[0].value.label.value.label_val.value", -1),
        "one is missing": drop(f"{INSERTED}[0]"),
        "the end hash": flip("hashes.hash[-1]", 0),
    },
)
def other_inserted_nodes(change):
    """With what was inserted, the tree behind does not come out."""
    return change


@case(
    verify_audit,
    "akd/audit/proof-bound-to-one-epoch",
    "akd/audit/inserted-nodes-give-end-hash",
    expect=[REFUSED],
    each={str(lie): lie for lie in map(lies.bound_to, (-1, 1, 1000))},
)
def proof_of_another_epoch(lie):
    """The proof is right, but it is that of another epoch, with which its leaves were hashed."""
    return given(lie=lie)


async def _each_node(bench: Bench, *, below: bool, kept: bool) -> None:
    for lie in lies.all_dropped(bench.variant["configuration"], below=below, kept=kept):
        await verify_audit(bench.part(str(lie)), lie=lie)


@case(verify_audit, DROPPED)
async def node_replaced_from_below(bench):
    """Each inner node stays and two leaves are inserted below it: the end hash is that of the tree with these alone."""
    await _each_node(bench, below=True, kept=False)


@case(verify_audit, DROPPED)
async def leaf_overwritten(bench):
    """Each leaf stays and one is inserted in its place: the end hash is that of the tree with the new one."""
    await _each_node(bench, below=False, kept=False)


@case(verify_audit, DROPPED)
async def inserted_below_a_node_and_gone(bench):
    """Each inner node stays and two leaves are inserted below it: the end hash is that of the tree without them."""
    await _each_node(bench, below=True, kept=True)


@case(verify_audit, DROPPED)
async def inserted_in_place_of_a_leaf_and_gone(bench):
    """Each leaf stays and one is inserted in its place: the end hash is that of the tree without it."""
    await _each_node(bench, below=False, kept=True)


for _case in (
    node_replaced_from_below,
    leaf_overwritten,
    inserted_below_a_node_and_gone,
    inserted_in_place_of_a_leaf_and_gone,
):
    _case.judge(none_taken(verify_audit))


@case(
    verify_audit,
    DROPPED,
    expect=[REFUSED],
    each={
        "a node twice": repeat(f"{UNCHANGED}[0]"),
        "an inserted leaf twice": repeat(f"{INSERTED}[0]"),
    },
)
def element_twice(change):
    """An element stands twice among those of its kind."""
    return change
