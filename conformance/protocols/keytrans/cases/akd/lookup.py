"""Lookup proofs of AKD, as a client verifies them."""

from conformance.cases import case, cut, drop, extend, flip, given, put
from conformance.library import REFUSED, by_itself
from conformance.model import ACCEPTED
from conformance.protocols.keytrans.cases.akd import _lies as lies
from conformance.protocols.keytrans.exchanges._akd import LABELS, Lie, verify_lookup
from conformance.protocols.keytrans.messages.protobuf import base128

HASHING = (
    "akd/conf/vrf-input-and-node-label",
    "akd/conf/leaf-binds-commitment-and-epoch",
)
EXISTENCE, MARKER, FRESHNESS = "proof.existence_proof.value", "proof.marker_proof.value", "proof.freshness_proof.value"


@case(by_itself(verify_lookup), *HASHING, expect=[ACCEPTED], each={label.decode(): label for label in LABELS})
def labels(label):
    """The newest version of each label, from 1 to 6, is verified, and epoch, version and value are told."""
    return given(label=label)


@case(
    by_itself(verify_lookup),
    "akd/conf/whatsappv1-tree-hashing",
    expect=[ACCEPTED],
    where={"configuration": ["whatsapp_v1"]},
)
def whatsapp_v1_tree():
    """A lookup is verified in the tree of WhatsAppV1."""
    return ()


@case(
    by_itself(verify_lookup),
    "akd/conf/experimental-tree-hashing",
    expect=[ACCEPTED],
    where={"configuration": ["experimental"]},
)
def experimental_tree():
    """A lookup is verified in the tree of the experimental configuration."""
    return ()


@case(verify_lookup, "akd/lookup/membership-proof-gives-root", expect=[REFUSED])
def proof_of_the_other_configuration():
    """Proof and root are those of the other configuration."""
    return given(lie=Lie("other configuration", lies.the_other_configuration))


@case(verify_lookup, "akd/lookup/version-above-epoch-refused", expect=[REFUSED])
def version_above_the_epoch():
    """Version 6 at epoch 5; everything else is right."""
    return given(lie=Lie("earlier epoch", lies.at_an_earlier_epoch))


@case(verify_lookup, "akd/lookup/version-zero-refused", expect=[REFUSED])
def version_zero():
    """The version is zero: a refusal, and no crash."""
    return put("proof.version.value", base128(0))


@case(
    verify_lookup,
    "akd/lookup/leaf-matches-value-epoch-nonce",
    expect=[REFUSED],
    each={
        "another value": flip("proof.value.value", -1),
        "a longer value": extend("proof.value.value", b"\0"),
        "no value": put("proof.value.value", b""),
        "another epoch": put("proof.epoch.value", base128(5)),
        "another nonce": flip("proof.commitment_nonce.value", 0),
        "a shorter nonce": cut("proof.commitment_nonce.value", 1),
        "no nonce": put("proof.commitment_nonce.value", b""),
    },
)
def leaf_of_something_else(change):
    """Value, epoch or nonce is another than the leaf commits to."""
    return change


@case(
    verify_lookup,
    "akd/lookup/vrf-proof-gives-node-label",
    expect=[REFUSED],
    each=lies.lookup_lies(
        lies.of_another_label, lies.version_one_less, lies.version_one_more, lies.vrf_of_the_stale_place
    ),
)
def place_of_something_else(lie):
    """The leaf is there, but it is the place of another label, version or freshness."""
    return given(lie=lie)


@case(
    verify_lookup,
    "akd/lookup/vrf-proof-gives-node-label",
    expect=[REFUSED],
    each={
        "a bit of c": flip("proof.existence_vrf_proof.value", 40),
        "an octet short": cut("proof.existence_vrf_proof.value", 1),
        "empty": put("proof.existence_vrf_proof.value", b""),
        "a bit of the marker's": flip("proof.marker_vrf_proof.value", 40),
        "a bit of the absent one's": flip("proof.freshness_vrf_proof.value", 40),
    },
)
def spoiled_vrf_proof(change):
    """A VRF proof does not hold."""
    return change


@case(
    verify_lookup,
    "akd/lookup/membership-proof-gives-root",
    expect=[REFUSED],
    each={
        "the leaf's label": flip(
            f"{EXISTENCE}.sibling_proofs[-1].value.siblings[0].value.label.value.label_val.value", 0
        ),
        "a sibling's value": flip(f"{EXISTENCE}.sibling_proofs[0].value.siblings[0].value.value.value", 0),
        "the lowest sibling's value": flip(f"{EXISTENCE}.sibling_proofs[-1].value.siblings[0].value.value.value", -1),
        "a node's label": put(f"{EXISTENCE}.sibling_proofs[-1].value.label.value.label_len.value", base128(200)),
        "a direction": flip(f"{EXISTENCE}.sibling_proofs[0].value.direction.value", 0),
        "a step is missing": drop(f"{EXISTENCE}.sibling_proofs[0]"),
        "the lowest step is missing": drop(f"{EXISTENCE}.sibling_proofs[-1]"),
    },
)
def spoiled_path(change):
    """The path from the leaf leads to another root."""
    return change


@case(verify_lookup, "akd/lookup/membership-proof-gives-root", expect=[REFUSED])
def root_of_another_epoch():
    """The root is that of the epoch before."""
    return given(lie=Lie("another root", lies.root_of_another_epoch))


@case(
    verify_lookup,
    "akd/lookup/marker-version-is-member",
    expect=[REFUSED],
    each=lies.lookup_lies(lies.marker_of_another_version, lies.marker_that_is_not_there),
)
def marker_missing(lie):
    """The marker, version 4 of 6, is not shown to be there."""
    return given(lie=lie)


@case(
    verify_lookup,
    "akd/lookup/version-not-marked-stale",
    expect=[REFUSED],
    each=lies.lookup_lies(lies.outdated, lies.outdated_with_old_absence),
)
def outdated_version(lie):
    """An outdated version, which is marked stale: nothing shows that it is not."""
    return given(lie=lie)


@case(
    verify_lookup,
    "akd/lookup/membership-proof-gives-root",
    "akd/lookup/version-not-marked-stale",
    expect=[REFUSED],
    each={
        name: drop(f"proof.{name}")
        for name in ("existence_proof", "marker_proof", "freshness_proof", "freshness_vrf_proof")
    },
)
def part_missing(change):
    """A part of the proof is missing."""
    return change
