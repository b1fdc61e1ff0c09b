"""The reference of AKD: a directory that makes proofs, and the library that verifies them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto.vrf import ECVRF, EDWARDS25519_TAI, VRFError
from conformance.protocols.keytrans.messages.akd import (
    CONFIGURATIONS,
    ROOT,
    AppendOnly,
    Configuration,
    Element,
    Label,
    Lookup,
    Membership,
    NonMembership,
    decode_audit,
)
from conformance.protocols.keytrans.messages.akd_tree import Node, Tree, TreeError
from conformance.wire import DecodeError

VRF = ECVRF(EDWARDS25519_TAI)


class AKDError(Exception):
    """A proof does not hold; the class says at which step."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of the directory: what it commits to, and since when it stands."""

    label: Label
    commitment: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class State:
    """A version of a label."""

    version: int
    value: bytes
    epoch: int


class Directory:
    """A directory in memory. `publish` makes an epoch, `lookup` and `audit` prove of any that there was."""

    def __init__(self, configuration: Configuration, secret: bytes) -> None:
        self.configuration = configuration
        self.secret = secret
        self.public_key = VRF.public(secret)
        self.epoch = 0
        self.leaves: dict[Label, Leaf] = {}
        self.states: dict[bytes, list[State]] = {}
        self._places: dict[tuple[bytes, bool, int], tuple[bytes, Label]] = {}

    def place(self, label: bytes, *, fresh: bool, version: int) -> tuple[bytes, Label]:
        """VRF proof and place of a version of a label."""
        key = (label, fresh, version)
        if key not in self._places:
            proof = VRF.prove(self.secret, self.configuration.vrf_input(label, fresh, version))
            self._places[key] = proof, Label(VRF.output(VRF.decode_proof(proof).gamma)[:32])
        return self._places[key]

    def nonce(self, label: bytes, state: State) -> bytes:
        """The nonce of the commitment to a version."""
        _, place = self.place(label, fresh=True, version=state.version)
        return self.configuration.nonce(self.configuration.hash(self.secret), place, state.version, state.value)

    def publish(self, entries: Mapping[bytes, bytes]) -> bytes:
        """A new epoch with values for labels: its root hash."""
        self.epoch += 1
        for label, value in entries.items():
            known = self.states.setdefault(label, [])
            if known:
                self.put(self.place(label, fresh=False, version=known[-1].version)[1], self.configuration.stale)
            state = State(len(known) + 1, value, self.epoch)
            known.append(state)
            commitment = self.configuration.commitment(value, self.nonce(label, state))
            self.put(self.place(label, fresh=True, version=state.version)[1], commitment)
        return self.tree().root_hash

    def put(self, label: Label, commitment: bytes) -> None:
        """A leaf of this epoch."""
        self.leaves[label] = Leaf(label, commitment, self.epoch)

    def elements(self, epoch: int | None = None) -> list[Element]:
        """The leaves that an epoch has, as its tree holds them."""
        until = self.epoch if epoch is None else epoch
        hashed = self.configuration.leaf
        return [Element(x.label, hashed(x.commitment, x.epoch)) for x in self.leaves.values() if x.epoch <= until]

    def tree(self, epoch: int | None = None) -> Tree:
        """The tree of an epoch, of the newest unless said."""
        return Tree(self.configuration, self.elements(epoch))

    def lookup(self, label: bytes, version: int | None = None) -> Lookup:
        """What is proved of the newest version of a label, or as a lie of this one; KeyError for an unknown label."""
        states = self.states[label]
        state = states[-1 if version is None else version - 1]
        marker = 1 << (state.version.bit_length() - 1)
        tree = self.tree()
        (vrf, at), (marker_vrf, marker_at) = (
            self.place(label, fresh=True, version=each) for each in (state.version, marker)
        )
        stale_vrf, stale_at = self.place(label, fresh=False, version=state.version)
        return Lookup(
            state.epoch,
            state.value,
            state.version,
            vrf,
            tree.membership(tree.path(at)[-1]),
            marker_vrf,
            tree.membership(tree.path(marker_at)[-1]),
            stale_vrf,
            tree.absence(stale_at),
            self.nonce(label, state),
        )

    def audit(self, start: int) -> AppendOnly:
        """That between an epoch and the next nothing was changed."""
        inserted = [Element(x.label, x.commitment) for x in self.leaves.values() if x.epoch == start + 1]
        return AppendOnly(tuple(inserted), tuple(_unchanged(self.tree(start + 1), [one.label for one in inserted])))


def _unchanged(tree: Tree, inserted: Sequence[Label]) -> Iterator[Element]:
    """The highest nodes below which nothing was inserted."""

    def below(node: Node) -> Iterator[Element]:
        if not any(node.label.begins(label) for label in inserted):
            yield node.element
            return
        for child in node.children:
            if child is not None:
                yield from below(child)

    if inserted:
        yield from below(tree.root)


@lru_cache(4096)
def _vrf_output(public_key: bytes, alpha: bytes, proof: bytes) -> bytes:
    return VRF.verify(public_key, alpha, proof)


class Verification:
    """What a client and an auditor check; every step a method, so that a fault replaces one of them."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    # --- Lookups ---

    def lookup(self, public_key: bytes, root: bytes, epoch: int, label: bytes, proof: Lookup) -> None:
        """Whether the proof shows the newest version of a label at the root of an epoch; AKDError otherwise."""
        self.version(proof.version, epoch)
        self.value(proof)
        self.place(public_key, label, proof.existence_vrf, proof.existence.label, fresh=True, version=proof.version)
        self.membership(root, proof.existence)
        marker = 1 << (proof.version.bit_length() - 1)
        self.marker(public_key, root, label, proof, marker)
        self.freshness(public_key, root, label, proof)

    def version(self, version: int, epoch: int) -> None:
        """Whether an epoch can have that version."""
        if not 0 < version <= epoch:
            raise AKDError("version", f"version {version} at epoch {epoch}")

    def value(self, proof: Lookup) -> None:
        """Whether the leaf is that of value, nonce and epoch."""
        hashed = self.configuration
        if hashed.leaf(hashed.commitment(proof.value, proof.nonce), proof.epoch) != proof.existence.value:
            raise AKDError("value", "the leaf commits to another value, or stands since another epoch")

    def marker(self, public_key: bytes, root: bytes, label: bytes, proof: Lookup, marker: int) -> None:
        """Whether the marker version is in the tree."""
        self.place(public_key, label, proof.marker_vrf, proof.marker.label, fresh=True, version=marker)
        self.membership(root, proof.marker)

    def freshness(self, public_key: bytes, root: bytes, label: bytes, proof: Lookup) -> None:
        """Whether the version is not marked stale."""
        at = proof.freshness.label
        self.place(public_key, label, proof.freshness_vrf, at, fresh=False, version=proof.version)
        self.absence(root, proof.freshness)

    def place(
        self, public_key: bytes, label: bytes, vrf_proof: bytes, place: Label, *, fresh: bool, version: int
    ) -> None:
        """Whether the VRF gives that place for a version of a label."""
        try:
            output = _vrf_output(public_key, self.configuration.vrf_input(label, fresh, version), vrf_proof)
        except VRFError as why:
            raise AKDError("vrf", str(why)) from why
        if place != Label(output[:32]):
            raise AKDError("vrf", "the place is another")

    def membership(self, root: bytes, proof: Membership) -> None:
        """Whether the path of a node leads to the root."""
        here = Element(proof.label, proof.value)
        for step in reversed(proof.path):
            sides = (here, step.sibling) if not step.direction else (step.sibling, here)
            here = Element(step.label, self.configuration.parent(*sides))
        if self.configuration.root_hash(here.value) != root:
            raise AKDError("membership", "the path leads to another root")

    # --- Absence ---

    def absence(self, root: bytes, proof: NonMembership) -> None:
        """Whether the proof shows that a label is not in the tree."""
        self.not_a_child(proof)
        self.covers(proof)
        self.longest(proof)
        self.joins(proof)
        self.below(proof)
        self.membership(root, proof.membership)

    def not_a_child(self, proof: NonMembership) -> None:
        """Whether the label is neither child's."""
        if proof.label in {child.label for child in proof.children}:
            raise AKDError("absence", "the label is that of a child")

    def covers(self, proof: NonMembership) -> None:
        """Whether the prefix begins the label."""
        if not proof.longest_prefix.begins(proof.label):
            raise AKDError("absence", "the prefix is not one of the label")

    def longest(self, proof: NonMembership) -> None:
        """Whether the prefix is what the children have in common; at the root, where one is missing, nothing."""
        left, right = (child.label for child in proof.children)
        missing = self.configuration.empty_label
        if proof.longest_prefix != (ROOT if missing in {left, right} else left.common(right)):
            raise AKDError("absence", "the prefix is not the children's")

    def joins(self, proof: NonMembership) -> None:
        """Whether the node whose membership is shown is the one above the children."""
        inner = proof.membership
        if inner.label != proof.longest_prefix or inner.value != self.configuration.parent(*proof.children):
            raise AKDError("absence", "the children are not those of the node")

    def below(self, proof: NonMembership) -> None:
        """Whether the label's path ends at the node: below a child there might be more."""
        missing = self.configuration.empty_label
        if any(child.label != missing and child.label.begins(proof.label) for child in proof.children):
            raise AKDError("absence", "the label may stand below a child")

    # --- Audits ---

    def audit(self, hashes: Sequence[bytes], proofs: Sequence[AppendOnly], epochs: Sequence[int]) -> None:
        """Whether each epoch follows from the one before; AKDError otherwise."""
        self.counts(len(hashes), len(proofs), len(epochs))
        self.consecutive(epochs)
        for n, (proof, epoch) in enumerate(zip(proofs, epochs, strict=True)):
            self.append_only(proof, hashes[n], hashes[n + 1], epoch + 1)

    def counts(self, hashes: int, proofs: int, epochs: int) -> None:
        """Whether there is a proof for each epoch and a hash at each end."""
        if hashes != epochs + 1 or proofs != epochs:
            raise AKDError("counts", f"{hashes} hashes and {proofs} proofs for {epochs} epochs")

    def consecutive(self, epochs: Sequence[int]) -> None:
        """Whether the epochs follow on one another."""
        if any(after != before + 1 for before, after in itertools.pairwise(epochs)):
            raise AKDError("epochs", f"{list(epochs)} do not follow on one another")

    def append_only(self, proof: AppendOnly, start: bytes, end: bytes, epoch: int) -> None:
        """Whether the nodes that stayed are the tree before, and with those inserted at that epoch the tree behind."""
        self.same(self.root_of(proof.unchanged), start, "start")
        hashed = [Element(one.label, self.configuration.leaf(one.value, epoch)) for one in proof.inserted]
        self.same(self.root_of((*proof.unchanged, *hashed)), end, "end")

    def root_of(self, elements: Sequence[Element]) -> bytes:
        """The root hash of the tree of elements; AKDError where one would hide another."""
        try:
            return Tree(self.configuration, elements).root_hash
        except TreeError as why:
            raise AKDError("elements", str(why)) from why

    def same(self, found: bytes, wanted: bytes, which: str) -> None:
        """Whether a root hash is the one wanted."""
        if found != wanted:
            raise AKDError(which, "the root hash is another")


_OFFER = RoleOffer(variants={"configuration": tuple(CONFIGURATIONS)})


class AKDLibrary:
    """Verifies lookups and audits, and answers as an adapter does."""

    verification: ClassVar[type[Verification]] = Verification

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference library",
            language="python",
            roles={"akd.verifier": _OFFER},
            operations=("akd.verify-lookup", "akd.verify-audit"),
        )

    def akd_verify_lookup(
        self, configuration: str, public_key: str, root: str, epoch: int, label: str, proof: str
    ) -> Reply:
        """Verify a lookup proof: epoch, version and value that it shows."""
        if configuration not in CONFIGURATIONS:
            return {"unsupported": {"reason": f"no configuration {configuration}"}}
        verification = self.verification(CONFIGURATIONS[configuration])
        try:
            decoded = self.read_lookup(bytes.fromhex(proof))
            verification.lookup(bytes.fromhex(public_key), bytes.fromhex(root), epoch, bytes.fromhex(label), decoded)
        except (AKDError, DecodeError) as why:
            return {"refused": {"class": getattr(why, "step", "proof"), "detail": str(why)}}
        return {"ok": {"epoch": decoded.epoch, "version": decoded.version, "value": decoded.value.hex()}}

    def read_lookup(self, octets: bytes) -> Lookup:
        """The proof in octets; DecodeError where there is none."""
        return Lookup.decode(octets)

    def akd_verify_audit(self, configuration: str, hashes: list[str], proof: str) -> Reply:
        """Verify an append-only proof between root hashes."""
        if configuration not in CONFIGURATIONS:
            return {"unsupported": {"reason": f"no configuration {configuration}"}}
        verification = self.verification(CONFIGURATIONS[configuration])
        try:
            proofs, epochs = decode_audit(bytes.fromhex(proof))
            verification.audit([bytes.fromhex(one) for one in hashes], proofs, epochs)
        except (AKDError, DecodeError) as why:
            return {"refused": {"class": getattr(why, "step", "proof"), "detail": str(why)}}
        return {"ok": {}}
