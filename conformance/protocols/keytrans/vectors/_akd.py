"""Proofs of AKD that must be refused, each beside the honest one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.cases import cut, drop, extend, flip, put, repeat, swap
from conformance.deriving import slug
from conformance.model import Change
from conformance.protocols.keytrans.cases.akd import _lies as lies
from conformance.protocols.keytrans.exchanges._akd import Claim, Lie, honest_audit, honest_lookup, story
from conformance.protocols.keytrans.messages.akd import CONFIGURATIONS, Lookup, audit_recipe, decode_audit
from conformance.protocols.keytrans.messages.protobuf import base128
from conformance.protocols.keytrans.peers import AKDError, Verification
from conformance.protocols.keytrans.vectors._file import Made, file_of
from conformance.wire import DecodeError

LOOKUP, ABSENT, AUDIT = "akd/lookup", "akd/nonmem", "akd/audit"
PATH, BESIDE = "proof.existence_proof.value.sibling_proofs", "value.siblings[0].value"
INNER = "proof.freshness_proof.value.longest_prefix_membership_proof.value"

LOOKUP_CHANGES: Mapping[str, tuple[Change, str, tuple[str, ...]]] = {
    "another value": (flip("proof.value.value", 0), f"{LOOKUP}/leaf-matches-value-epoch-nonce", ("proof", "digest")),
    "a longer value": (extend("proof.value.value", b"\0"), f"{LOOKUP}/leaf-matches-value-epoch-nonce", ("proof",)),
    "another epoch": (
        put("proof.epoch.value", base128(5)),
        f"{LOOKUP}/leaf-matches-value-epoch-nonce",
        ("epoch", "proof"),
    ),
    "another nonce": (flip("proof.commitment_nonce.value"), f"{LOOKUP}/leaf-matches-value-epoch-nonce", ("proof",)),
    "a bit of the VRF proof": (
        flip("proof.existence_vrf_proof.value", 40),
        f"{LOOKUP}/vrf-proof-gives-node-label",
        ("proof",),
    ),
    "a short VRF proof": (
        cut("proof.marker_vrf_proof.value", 1),
        f"{LOOKUP}/vrf-proof-gives-node-label",
        ("length", "proof"),
    ),
    "a sibling": (
        flip(f"{PATH}[0].{BESIDE}.value.value"),
        f"{LOOKUP}/membership-proof-gives-root",
        ("proof", "digest"),
    ),
    "a direction": (flip(f"{PATH}[0].value.direction.value"), f"{LOOKUP}/membership-proof-gives-root", ("proof",)),
    "a step missing": (drop(f"{PATH}[0]"), f"{LOOKUP}/membership-proof-gives-root", ("proof", "digest")),
    "a step twice": (repeat(f"{PATH}[-1]"), f"{LOOKUP}/membership-proof-gives-root", ("proof", "digest")),
    "no marker": (drop("proof.marker_proof"), f"{LOOKUP}/marker-version-is-member", ("proof",)),
    "no absence": (drop("proof.freshness_proof"), f"{LOOKUP}/version-not-marked-stale", ("proof",)),
    "a child of the absence": (
        flip("proof.freshness_proof.value.longest_prefix_children[0].value.value.value"),
        f"{ABSENT}/children-match-inner-proof",
        ("proof",),
    ),
    "the node of the absence": (flip(f"{INNER}.hash_val.value"), f"{ABSENT}/children-match-inner-proof", ("proof",)),
    "a step of the absence": (
        flip(f"{INNER}.sibling_proofs[0].{BESIDE}.value.value"),
        f"{ABSENT}/inner-membership-proof-verified",
        ("proof",),
    ),
}
LOOKUP_LIES = {
    lies.at_an_earlier_epoch: f"{LOOKUP}/version-above-epoch-refused",
    lies.of_another_label: f"{LOOKUP}/vrf-proof-gives-node-label",
    lies.version_one_less: f"{LOOKUP}/vrf-proof-gives-node-label",
    lies.version_one_more: f"{LOOKUP}/vrf-proof-gives-node-label",
    lies.vrf_of_the_stale_place: f"{LOOKUP}/vrf-proof-gives-node-label",
    lies.marker_of_another_version: f"{LOOKUP}/marker-version-is-member",
    lies.marker_that_is_not_there: f"{LOOKUP}/marker-version-is-member",
    lies.outdated: f"{LOOKUP}/version-not-marked-stale",
    lies.outdated_with_old_absence: f"{LOOKUP}/version-not-marked-stale",
    lies.root_of_another_epoch: f"{LOOKUP}/membership-proof-gives-root",
    lies.elsewhere: f"{ABSENT}/longest-prefix-covers-label",
    lies.relabelled: f"{ABSENT}/longest-prefix-common-to-children",
}
UNCHANGED, INSERTED = "proof.proofs[0].value.unchanged_nodes", "proof.proofs[0].value.inserted"
AUDIT_CHANGES: Mapping[str, tuple[Change, str]] = {
    "a node that stayed": (flip(f"{UNCHANGED}[0].value.value.value"), f"{AUDIT}/unchanged-nodes-give-start-hash"),
    "a node that stayed missing": (drop(f"{UNCHANGED}[0]"), f"{AUDIT}/unchanged-nodes-give-start-hash"),
    "an inserted leaf": (flip(f"{INSERTED}[0].value.value.value"), f"{AUDIT}/inserted-nodes-give-end-hash"),
    "an inserted leaf missing": (drop(f"{INSERTED}[0]"), f"{AUDIT}/inserted-nodes-give-end-hash"),
    "the start hash": (flip("hashes.hash[0]"), f"{AUDIT}/unchanged-nodes-give-start-hash"),
    "the end hash": (flip("hashes.hash[-1]"), f"{AUDIT}/inserted-nodes-give-end-hash"),
    "hashes swapped": (swap("hashes.hash", 0, 1), f"{AUDIT}/unchanged-nodes-give-start-hash"),
}


def _lookup(configuration: str, claim: Claim, *changes: Change) -> dict[str, Any]:
    assert claim.proof is not None
    built = claim.proof.recipe().build(changes)
    if len(built.applied) < len(changes):
        raise ValueError(f"{changes[0]} found no place")
    return {
        "configuration": configuration,
        "public_key": story(configuration).directory.public_key.hex(),
        "root": claim.root.hex(),
        "epoch": claim.epoch,
        "label": claim.label.hex(),
        "proof": built.octets.hex(),
    }


def _lookups(configuration: str) -> Iterator[Made]:
    where = slug(configuration)
    known = story(configuration)
    for label in known.directory.states:
        state = known.directory.states[label][-1]
        said = {"epoch": state.epoch, "version": state.version, "value": state.value.hex()}
        rows = ("akd/conf/vrf-input-and-node-label", "akd/conf/leaf-binds-commitment-and-epoch")
        about = f"version {state.version} of {label.decode()}"
        yield Made(
            f"{where}/{label.decode()}", _lookup(configuration, honest_lookup(configuration, label)), rows, said, about
        )
    twin = f"{where}/alice"
    for name, (change, requirement, refusal) in LOOKUP_CHANGES.items():
        spoiled = _lookup(configuration, honest_lookup(configuration), change)
        yield Made(f"{where}/{slug(name)}", spoiled, (requirement,), None, "", twin, name, refusal)
    for make, requirement in LOOKUP_LIES.items():
        about = " ".join((make.__doc__ or "").split())
        lie = _lookup(configuration, make(configuration))
        yield Made(
            f"{where}/{slug(make.__name__)}", lie, (requirement,), None, "", twin, about, ("proof", "epoch", "digest")
        )
    for version in (1, 3, 5):
        lie = _lookup(configuration, lies.absent_at(configuration, version, -1))
        about = f"version {version}, the absence of whose stale mark is shown by the node right above it"
        row = f"{ABSENT}/searched-label-differs-from-children"
        yield Made(f"{where}/stale-version-{version}", lie, (row,), None, "", twin, about, ("proof",))


def _audit(configuration: str, claim: Claim, *changes: Change) -> dict[str, Any]:
    hashes = list(claim.hashes)
    for change in changes:
        if change.point == "hashes" and change.op == "swap":
            hashes[0], hashes[1] = hashes[1], hashes[0]
        elif change.point == "hashes":
            at = 0 if change.path == "hash[0]" else -1
            hashes[at] = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
    inside = [change for change in changes if change.point == "proof"]
    built = audit_recipe(claim.steps, claim.epochs).build(inside)
    if len(built.applied) < len(inside):
        raise ValueError(f"{changes[0]} found no place")
    return {"configuration": configuration, "hashes": [one.hex() for one in hashes], "proof": built.octets.hex()}


def _audits(configuration: str) -> Iterator[Made]:
    where = slug(configuration)
    for start, end in ((0, 1), (1, 2), (3, 4), (2, 4), (0, 6)):
        given = _audit(configuration, honest_audit(configuration, start, end))
        rows = ("akd/conf/leaf-binds-commitment-and-epoch", f"{AUDIT}/inserted-nodes-give-end-hash")
        expect = {"epochs": list(range(start, end))}
        yield Made(f"{where}/from-{start}-to-{end}", given, rows, expect, f"from epoch {start} to {end}")
    twin = f"{where}/from-2-to-4"
    for name, (change, requirement) in AUDIT_CHANGES.items():
        spoiled = _audit(configuration, honest_audit(configuration), change)
        yield Made(f"{where}/{slug(name)}", spoiled, (requirement,), None, "", twin, name, ("proof", "digest"))
    counts = [lies.counted(*n) for n in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0))]
    bound = [lies.bound_to(n) for n in (-1, 1, 1000)]
    for lie, row in [
        *((one, f"{AUDIT}/hash-and-proof-counts-match") for one in counts),
        *((one, f"{AUDIT}/proof-bound-to-one-epoch") for one in bound),
    ]:
        name = slug(str(lie).replace("+", "plus ").replace("-", "minus "))
        given = _audit(configuration, lie.make(configuration))
        yield Made(f"{where}/{name}", given, (row,), None, "", twin, str(lie), ("proof", "epoch", "digest"))
    yield from _dropped(configuration, where, twin)


def _dropped(configuration: str, where: str, twin: str) -> Iterator[Made]:
    for below in (True, False):
        for kept in (True, False):
            every: list[Lie] = lies.all_dropped(configuration, below=below, kept=kept)
            for n in (0, len(every) // 2, len(every) - 1):
                place = "below-a-node" if below else "in-place-of-a-leaf"
                name = f"{where}/{place}-{n}-{'inserted-and-gone' if kept else 'which-is-gone'}"
                about = f"leaves are inserted {place.replace('-', ' ')}, and of the two the "
                about += "new" if kept else "old"
                about += " is not in the tree behind"
                row = f"{AUDIT}/dropped-elements-refused"
                yield Made(
                    name, _audit(configuration, every[n].make(configuration)), (row,), None, "", twin, about, ("proof",)
                )


SOURCE = "made by the suite's own directory, whose proofs are octet by octet those of akd 0.11.0 and 0.13.0"


def lookups() -> dict[str, Any]:
    """The file of lookups."""
    made = [one for name in CONFIGURATIONS for one in _lookups(name)]
    return file_of("akd.lookup", "akd", SOURCE, "keytrans/akd-lookup", made)


def audits() -> dict[str, Any]:
    """The file of audits."""
    made = [one for name in CONFIGURATIONS for one in _audits(name)]
    return file_of("akd.audit", "akd", SOURCE, "keytrans/akd-audit", made)


def lookup_answer(given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict verifier says of a lookup."""
    try:
        proof = Lookup.decode(bytes.fromhex(given["proof"]))
        verification = Verification(CONFIGURATIONS[given["configuration"]])
        public_key, root, label = (bytes.fromhex(given[name]) for name in ("public_key", "root", "label"))
        verification.lookup(public_key, root, given["epoch"], label, proof)
    except (AKDError, DecodeError):
        return None
    return {"epoch": proof.epoch, "version": proof.version, "value": proof.value.hex()}


def audit_answer(given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict verifier says of an audit."""
    try:
        steps, epochs = decode_audit(bytes.fromhex(given["proof"]))
        hashes = [bytes.fromhex(one) for one in given["hashes"]]
        Verification(CONFIGURATIONS[given["configuration"]]).audit(hashes, steps, epochs)
    except (AKDError, DecodeError):
        return None
    return {"epochs": list(epochs)}
