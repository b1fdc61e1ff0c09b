"""Faults of libraries that verify AKD's proofs: each leaves out one step, or hashes one thing otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.protocols.keytrans.messages.akd import (
    CONFIGURATIONS,
    AppendOnly,
    Configuration,
    Element,
    Label,
    Lookup,
    Membership,
    NonMembership,
)
from conformance.protocols.keytrans.messages.akd_tree import Node, Tree
from conformance.protocols.keytrans.peers import AKDError, AKDLibrary, Verification
from conformance.wire import DecodeError

LOOKUP, ABSENT, AUDIT = "akd/lookup", "akd/nonmem", "akd/audit"
HONEST = ("akd/conf/*",)


akd_fault = partial(fault, "akd.verifier", shows=("violation",), within=(AKDLibrary, "verification"))
"""Declare a fault of the steps themselves."""


# --- Seen somewhere --------------------------------------------------------------------------------------------------


class _Dropping(Tree):
    """A tree that passes over elements which stand above others, or where others stand."""

    def subtree(self, elements: Sequence[Element]) -> Node:
        if len(elements) == 1:
            return super().subtree(elements)
        common = elements[0].label
        for element in elements[1:]:
            common = common.common(element.label)
        left = [e for e in elements if e.label.length > common.length and not e.label.bit(common.length)]
        right = [e for e in elements if e.label.length > common.length and e.label.bit(common.length)]
        sides = [self.subtree(side) if side else None for side in (left, right)]
        if not any(sides):
            return super().subtree(elements[-1:])
        return Node(common, self.above(*sides), *sides)


@akd_fault(f"{AUDIT}/dropped-elements-refused", origin="facebook/akd 495, before 0.13.0")
class ElementsDropped(Verification):
    """Builds the tree behind without the elements that would stand above others."""

    def root_of(self, elements: Sequence[Element]) -> bytes:
        return _Dropping(self.configuration, elements).root_hash


@akd_fault(f"{AUDIT}/dropped-elements-refused")
class InsertedDropped(Verification):
    """Inserts into the tree of what stayed, and passes over what finds its place taken."""

    def append_only(self, proof: AppendOnly, start: bytes, end: bytes, epoch: int) -> None:
        free = [one for one in proof.inserted if not any(node.label.begins(one.label) for node in proof.unchanged)]
        super().append_only(AppendOnly(tuple(free), proof.unchanged), start, end, epoch)


@akd_fault(f"{AUDIT}/dropped-elements-refused")
class RepeatedElementsDropped(Verification):
    """Puts elements into a set first."""

    def root_of(self, elements: Sequence[Element]) -> bytes:
        return super().root_of(list(dict.fromkeys(elements)))


@akd_fault(f"{LOOKUP}/version-above-epoch-refused", origin="facebook/akd 391 and 392")
class VersionNotBounded(Verification):
    """Takes any version but zero."""

    def version(self, version: int, epoch: int) -> None:
        if not version:
            super().version(version, epoch)


@akd_fault(f"{LOOKUP}/version-zero-refused", shows=("crash",))
class PanicsOnVersionZero(Verification):
    """Looks for the highest bit of the version whatever it is."""

    def version(self, version: int, epoch: int) -> None:
        assert version, "attempt to subtract with overflow"
        super().version(version, epoch)


@akd_fault(f"{ABSENT}/searched-label-differs-*", f"{ABSENT}/absence-of-present-*", origin="facebook/akd 119")
class ChildrenNotCompared(Verification):
    """Does not look whether the label that is said to be absent is one of the children shown."""

    def not_a_child(self, proof: NonMembership) -> None:
        del proof

    def below(self, proof: NonMembership) -> None:
        missing = self.configuration.empty_label
        if any(
            child.label not in {missing, proof.label} and child.label.begins(proof.label) for child in proof.children
        ):
            super().below(proof)


# --- Lookups ---------------------------------------------------------------------------------------------------------


@akd_fault(f"{LOOKUP}/leaf-matches-value-epoch-nonce")
class LeafNotCompared(Verification):
    """Takes value, epoch and nonce as they are told."""

    def value(self, proof: Lookup) -> None:
        del proof


@akd_fault(
    f"{LOOKUP}/vrf-proof-gives-node-label", f"{LOOKUP}/marker-version-is-member", f"{LOOKUP}/version-not-marked-stale"
)
class PlaceNotCompared(Verification):
    """Does not ask the VRF where a version has its place."""

    def place(
        self, public_key: bytes, label: bytes, vrf_proof: bytes, place: Label, *, fresh: bool, version: int
    ) -> None:
        del public_key, label, vrf_proof, place, fresh, version


@akd_fault(f"{LOOKUP}/membership-proof-gives-root", f"{LOOKUP}/marker-version-is-member",
           f"{ABSENT}/inner-membership-*", f"{LOOKUP}/version-not-marked-stale")  # fmt: skip
class RootNotCompared(Verification):
    """Follows the paths and does not compare where they lead."""

    def membership(self, root: bytes, proof: Membership) -> None:
        del root, proof


@fault("akd.verifier", f"{LOOKUP}/membership-proof-gives-root", "akd/conf/*-tree-hashing")
class AnyConfiguration(AKDLibrary):
    """Verifies in whichever configuration a proof holds."""

    def akd_verify_lookup(
        self, configuration: str, public_key: str, root: str, epoch: int, label: str, proof: str
    ) -> Reply:
        names = [configuration, *(name for name in CONFIGURATIONS if name != configuration)]
        if configuration not in CONFIGURATIONS:
            names = names[:1]
        verify = super().akd_verify_lookup
        answers = [verify(name, public_key, root, epoch, label, proof) for name in names]
        return next((answer for answer in answers if "ok" in answer), answers[0])


@akd_fault(f"{LOOKUP}/marker-version-is-member", f"{LOOKUP}/vrf-proof-gives-node-label")
class MarkerForgotten(Verification):
    """Does not look at the marker."""

    def marker(self, public_key: bytes, root: bytes, label: bytes, proof: Lookup, marker: int) -> None:
        del public_key, root, label, proof, marker


@akd_fault(f"{LOOKUP}/version-not-marked-stale", f"{ABSENT}/*", f"{LOOKUP}/vrf-proof-gives-node-label")
class FreshnessForgotten(Verification):
    """Does not look whether the version is marked stale."""

    def freshness(self, public_key: bytes, root: bytes, label: bytes, proof: Lookup) -> None:
        del public_key, root, label, proof


@fault("akd.verifier", f"{LOOKUP}/membership-proof-gives-root", f"{LOOKUP}/version-not-marked-stale",
       f"{LOOKUP}/vrf-proof-*", f"{ABSENT}/children-*", f"{ABSENT}/inner-*", shows=("crash",))  # fmt: skip
class PanicsOnMissingParts(AKDLibrary):
    """Reading a proof it takes for granted that everything is there."""

    def read_lookup(self, octets: bytes) -> Lookup:
        try:
            return super().read_lookup(octets)
        except DecodeError as why:
            raise AssertionError("called unwrap on a None value") from why


# --- Absence ---------------------------------------------------------------------------------------------------------


@akd_fault(f"{ABSENT}/absence-of-present-label-refused")
class HigherNodesTaken(Verification):
    """Does not look whether the label might stand below one of the children."""

    def below(self, proof: NonMembership) -> None:
        del proof


@akd_fault(f"{ABSENT}/longest-prefix-covers-label")
class PrefixNotCompared(Verification):
    """Does not look whether the prefix is one of the label."""

    def covers(self, proof: NonMembership) -> None:
        del proof


@akd_fault(f"{ABSENT}/longest-prefix-common-to-children")
class PrefixOfChildrenNotCompared(Verification):
    """Does not look whether the prefix is what the children have in common."""

    def longest(self, proof: NonMembership) -> None:
        del proof


@akd_fault(f"{ABSENT}/children-match-inner-proof")
class ChildrenNotHashed(Verification):
    """Does not hash the children to the node."""

    def joins(self, proof: NonMembership) -> None:
        del proof


@akd_fault(f"{ABSENT}/inner-membership-proof-verified", f"{LOOKUP}/version-not-marked-stale", f"{ABSENT}/longest-*",
           f"{ABSENT}/children-match-inner-proof")  # fmt: skip
class NodeNotInTheTree(Verification):
    """Does not look whether the node at which the label leaves the tree is in the tree."""

    def absence(self, root: bytes, proof: NonMembership) -> None:
        del root
        for step in (self.not_a_child, self.covers, self.longest, self.joins, self.below):
            step(proof)


# --- Audits ----------------------------------------------------------------------------------------------------------


@akd_fault(f"{AUDIT}/hash-and-proof-counts-match")
class ShortestCounts(Verification):
    """Verifies as many steps as there is everything for."""

    def audit(self, hashes: Sequence[bytes], proofs: Sequence[AppendOnly], epochs: Sequence[int]) -> None:
        steps = min(len(hashes) - 1, len(proofs), len(epochs))
        super().audit(hashes[: steps + 1], proofs[:steps], epochs[:steps])


@akd_fault(f"{AUDIT}/epochs-consecutive")
class GapsTaken(Verification):
    """Does not look whether epochs follow on one another."""

    def consecutive(self, epochs: Sequence[int]) -> None:
        del epochs


@akd_fault(f"{AUDIT}/unchanged-nodes-give-start-hash", f"{AUDIT}/dropped-*")
class StartNotCompared(Verification):
    """Compares only the end hash."""

    def same(self, found: bytes, wanted: bytes, which: str) -> None:
        if which != "start":
            super().same(found, wanted, which)


@akd_fault(f"{AUDIT}/inserted-nodes-give-end-hash", f"{AUDIT}/proof-bound-to-one-epoch", f"{AUDIT}/unchanged-*")
class EndNotCompared(Verification):
    """Compares only the start hash."""

    def same(self, found: bytes, wanted: bytes, which: str) -> None:
        if which != "end":
            super().same(found, wanted, which)


@akd_fault(f"{AUDIT}/proof-bound-to-one-epoch", f"{AUDIT}/inserted-nodes-give-end-hash")
class NeighbouringEpochsTaken(Verification):
    """Tries the epochs before and behind as well, since names and helpers differ by one."""

    def append_only(self, proof: AppendOnly, start: bytes, end: bytes, epoch: int) -> None:
        for each in (epoch - 1, epoch + 1):
            try:
                super().append_only(proof, start, end, each)
            except AKDError:
                continue
            return
        super().append_only(proof, start, end, epoch)


# --- Hashing ---------------------------------------------------------------------------------------------------------


def hashed(*breaks: str, where: Mapping[str, Any] | None = None) -> Callable[[type], type]:
    """Declare a fault in which one thing is hashed otherwise: a mix-in over each configuration."""

    def register(mixin: type) -> type:
        made = {
            name: type(mixin.__name__, (mixin, type(configuration)), {})()
            for name, configuration in CONFIGURATIONS.items()
        }

        class Otherwise(Verification):
            def __init__(self, configuration: Configuration) -> None:
                super().__init__(made[configuration.name])

        Otherwise.__name__, Otherwise.__doc__ = mixin.__name__, mixin.__doc__
        akd_fault(*breaks, where=where)(Otherwise)
        return mixin

    return register


@hashed("akd/conf/*")
class FreshnessTurned:
    """Asks the VRF with one for stale and zero for fresh."""

    def vrf_input(self, label: bytes, fresh: bool, version: int) -> bytes:
        return super().vrf_input(label, not fresh, version)  # type: ignore[misc,no-any-return]


@hashed("akd/conf/*")
class EpochOfLeavesForgotten:
    """Hashes leaves without their epoch."""

    def leaf(self, commitment: bytes, epoch: int) -> bytes:
        del epoch
        return super().leaf(commitment, 0)  # type: ignore[misc,no-any-return]


@hashed("akd/conf/*")
class ParentsWithoutLabels:
    """Hashes the values of children alone."""

    def parent(self, left: Element, right: Element) -> bytes:
        return self.hash(left.value, right.value)  # type: ignore[attr-defined,no-any-return]


@hashed("akd/conf/*", where={"configuration": ["experimental"]})
class NoDomain:
    """Hashes without the domain in front."""

    domain = b""


@hashed("akd/conf/*", where={"configuration": ["whatsapp_v1"]})
class RootNotHashedAgain:
    """Takes the value of the root node for the root hash."""

    def root_hash(self, value: bytes) -> bytes:
        return value


FAULTS: tuple[Fault, ...] = faults_of(__name__)
