"""Faults of clients of the IETF's log in what they hold against each other: each leaves out one check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from conformance.bench import Fault, fault, faults_of
from conformance.protocols.keytrans.messages.ietf import LadderStep, SearchResponse, TreeHead
from conformance.protocols.keytrans.peers.client import Client
from conformance.protocols.keytrans.peers.client_search import Refused, Search
from conformance.protocols.keytrans.trees import (
    ABSENT_LEAF,
    ABSENT_PARENT,
    End,
    Leaf,
    LogProof,
    PrefixProof,
    PrefixVerifier,
    ProofError,
    Result,
    SearchFailed,
    Span,
    hashed,
)

KT = "ietf-keytrans-protocol"
S = TypeVar("S", bound=type[Search])


def search_fault(*breaks: str, shows: tuple[str, ...] = ("violation",), origin: str = "") -> Callable[[S], S]:
    """Declare a way to verify a search as a fault of the client that does so; `breaks` are rows of the draft."""
    return fault(
        "keytrans.client", *(f"{KT}/{row}" for row in breaks), shows=shows, origin=origin, within=(Client, "searching")
    )


# --- What is retained ------------------------------------------------------------------------------------------------


class _TrustingProof(LogProof):
    def recomputed(self, span: Span, value: bytes, own: bytes) -> bytes:
        del span, own
        return value


@search_fault(
    "12.1/recomputed-head-matches-retained",
    "4/later-head-extends-earlier-tree",
    "3.2/consistency-from-retained-heads",
    origin="the naive implementation of which 12.1 warns",
)
class RecomputedHeadsTaken(Search):
    """A retained head that can be computed anew is computed anew, and the retained one forgotten."""

    log_proof = _TrustingProof


@search_fault("12.3/proof-matches-retained-prefix-root", "3.3/search-proof-gives-prefix-root")
class RetainedPrefixRootsForgotten(Search):
    """A proof of an entry that it knows may give any prefix root."""

    def not_retained(self, entry: int) -> None:
        del entry


@search_fault("12.3/proofs-of-one-entry-agree")
class FirstPrefixRootOfAnEntryTaken(Search):
    """Of two proofs of one entry only the first counts."""

    def two_roots(self, entry: int) -> None:
        del entry


@search_fault(
    "11.4/updated-head-strictly-larger",
    "4/later-head-extends-earlier-tree",
    "13/newest-verified-heads-retained",
)
class SmallerHeadStartsAnew(Search):
    """A new head that is no larger than the last makes it begin anew with the log."""

    def grown(self, size: int) -> None:
        if size <= self.known:
            self.retained = None


@search_fault("11.4/updated-head-strictly-larger")
class EqualHeadTaken(Search):
    """A new head may be of the tree that it knows."""

    def grown(self, size: int) -> None:
        if size != self.known:
            super().grown(size)


@search_fault("11.4/same-only-after-advertised-size", shows=("crash",))
class SameHeadFollowedNowhere(Search):
    """It asks for the size of the last head also where there was none, and falls."""

    def same_size(self) -> int:
        return self.retained.size  # type: ignore[union-attr]


# --- Heads -----------------------------------------------------------------------------------------------------------


@search_fault(
    "11.2/*",
    "11.4/tree-head-signature-verified",
    "13/state-saved-after-full-verification",
    "13.1/head-verified-with-candidate-root",
    "12.2/computed-root-matches-prefix-root",
    "3.3/search-proof-gives-prefix-root",
    "11.6/commitment-matches-prefix-leaf",
    "13.1/search-value-and-commitment-verified",
    "3.2/*",
    "4/later-head-extends-earlier-tree",
)
class SignatureUnchecked(Search):
    """The head's signature is not looked at; whether proofs contradict what it knows is."""

    def verify_head(self, head: TreeHead | None, root: bytes) -> None:
        del head, root


class _Uncompared(PrefixVerifier):
    def hashed(self, ends: Sequence[End], give: Callable[[bytes, int], bytes]) -> bytes:
        return hashed(ends, give, strict=False)


@search_fault(
    "11.6/commitment-matches-prefix-leaf",
    "13.1/search-value-and-commitment-verified",
    "12.2/computed-root-matches-prefix-root",
    "12.3/proof-matches-retained-prefix-root",
    "3.3/search-proof-gives-prefix-root",
    "3.2/*",
    "4/later-head-extends-earlier-tree",
    "12.1/recomputed-head-matches-retained",
    "13.1/head-verified-with-candidate-root",
    "11.2/*",
    "11.4/tree-head-signature-verified",
    "13/state-saved-after-full-verification",
    "12.3/proofs-of-one-entry-agree",
)
class ProofsCountedButNotHashed(Search):
    """Answers must have the right shape; no hash in them is compared with any other."""

    log_proof = _TrustingProof
    prefix = _Uncompared()

    def verify_head(self, head: TreeHead | None, root: bytes) -> None:
        del head, root

    def agreed(self, entry: int, known: bytes, root: bytes) -> None:
        del entry, known, root


# --- Timestamps ------------------------------------------------------------------------------------------------------


@search_fault("4/timestamps-non-decreasing", "4.*/*", "12.3/sent-and-retained-timestamps-ordered")
class TimestampsInAnyOrder(Search):
    """Timestamps are not compared with each other."""

    def in_order(self, entry: int, timestamp: int) -> None:
        del entry, timestamp


@search_fault("4.2/first-timestamp-not-before-retained", "4/timestamps-non-decreasing")
class OnlyProvidedTimestampsCompared(Search):
    """Timestamps of an answer are compared with each other, and not with those that it knows."""

    def in_order(self, entry: int, timestamp: int) -> None:
        known, self.timestamps = self.timestamps, {e: self.timestamps[e] for e in self.provided}
        try:
            super().in_order(entry, timestamp)
        finally:
            self.timestamps = known


@search_fault("4.1/ibst-timestamps-ordered")
class OnlyTimestampsOfTheUpdateCompared(Search):
    """Timestamps are compared while the view is updated, and not in the search."""

    updating = True

    def ladder(self, entry: int, target: int) -> int:
        self.updating = False
        return super().ladder(entry, target)

    def in_order(self, entry: int, timestamp: int) -> None:
        if self.updating:
            super().in_order(entry, timestamp)


@search_fault("4/timestamps-non-decreasing")
class EqualTimestampsRefused(Search):
    """Each timestamp must be later than the one before."""

    def in_order(self, entry: int, timestamp: int) -> None:
        super().in_order(entry, timestamp)
        if timestamp in self.timestamps.values():
            raise ProofError("equal timestamps")


@search_fault("4.2/rightmost-timestamp-within-max-ahead")
class FutureTaken(Search):
    """A log may be ahead of the clock."""

    def not_ahead(self, newest: int) -> None:
        del newest


@search_fault("4.2/rightmost-timestamp-within-max-behind")
class PastTaken(Search):
    """A log may be behind the clock."""

    def not_behind(self, newest: int) -> None:
        del newest


@search_fault("11.2/durations-in-milliseconds")
class ClockBoundsOfItsOwn(Search):
    """It lets a log be two minutes off, whatever the configuration says."""

    def within_bounds(self) -> None:
        if abs(self.newest - self.now) > 120_000:
            raise Refused("clock", "out of bounds")


# --- Values and ladders ----------------------------------------------------------------------------------------------


@search_fault("11.7/every-vrf-proof-verified")
class VRFProofsNotVerified(Search):
    """The search key is what the proof leads to, whether or not it holds."""

    def search_key(self, version: int, proof: bytes) -> bytes:
        key = self.suite.output(proof)
        return super().search_key(version, proof) if key is None else key


@search_fault("13.1/target-commitment-refused")
class CommitmentToTheTargetIgnored(Search):
    """A commitment to the target may be told; it is not used."""

    def target_without_commitment(self, step: LadderStep) -> None:
        del step


@search_fault("11.6/commitment-matches-prefix-leaf", "13.1/target-commitment-refused")
class ToldCommitmentTaken(Search):
    """Where a commitment to the target is told, it is taken for that of the value."""

    told: bytes | None = None

    def target_without_commitment(self, step: LadderStep) -> None:
        self.told = step.commitment

    def target_commitment(self, response: SearchResponse, version: int) -> bytes:
        return self.told or super().target_commitment(response, version)


@search_fault("13.1/ladder-step-count-exact")
class StepsNotCounted(Search):
    """The ladder may have more steps than the target has versions."""

    def steps_counted(self, steps: Sequence[LadderStep], versions: Sequence[int]) -> None:
        if len(steps) < len(versions):
            super().steps_counted(steps, versions)


@search_fault("13.1/search-value-and-commitment-verified")
class LongValuesRefused(Search):
    """Values of more than 32 KiB are refused."""

    def value_found(self, response: SearchResponse) -> bytes:
        if len(response.value) > 1 << 15:
            raise Refused("value", "too long")
        return super().value_found(response)


# --- Numbers of elements ---------------------------------------------------------------------------------------------


class _Surplus(Search):
    field: ClassVar[str]

    def used_up(self, field: str, left: Iterator[Any]) -> None:
        if field != self.field:
            super().used_up(field, left)


@search_fault("12.3/timestamps-exact")
class SurplusTimestampsIgnored(_Surplus):
    """Timestamps may be left over."""

    field = "timestamps"


@search_fault("12.3/prefix-proofs-exact")
class SurplusPrefixProofsIgnored(_Surplus):
    """Prefix proofs may be left over."""

    field = "prefix_proofs"


@search_fault("12.3/prefix-roots-exact")
class SurplusPrefixRootsIgnored(_Surplus):
    """Prefix roots may be left over."""

    field = "prefix_roots"


@search_fault("12.1/inclusion-elements-exact")
class SurplusInclusionElementsIgnored(_Surplus):
    """Elements of the inclusion proof may be left over."""

    field = "inclusion"


class _UncountedResults(PrefixVerifier):
    def root(self, proof: PrefixProof, keys: Sequence[bytes], commitments: Mapping[bytes, bytes]) -> bytes:
        return super().root(PrefixProof(proof.results[: len(keys)], proof.elements), keys, commitments)


@search_fault("12.2/result-count-matches-lookups")
class SurplusResultsIgnored(Search):
    """Results of a prefix proof may be left over."""

    prefix = _UncountedResults()


class _UncountedElements(PrefixVerifier):
    def nothing_left(self, left: Iterator[bytes]) -> None:
        del left


@search_fault("12.2/computed-root-matches-prefix-root")
class SurplusPrefixElementsIgnored(Search):
    """Elements of a prefix proof may be left over."""

    prefix = _UncountedElements()


# --- Absence ---------------------------------------------------------------------------------------------------------


class _OwnLeaf(PrefixVerifier):
    def leaf_is_anothers(self, leaf: Leaf, key: bytes) -> None:
        del leaf, key


@search_fault("12.2/non-inclusion-leaf-key-differs", "3.3/non-inclusion-terminal-on-path")
class OwnLeafShowsAbsence(Search):
    """Absence of a version may be shown with its own leaf."""

    prefix = _OwnLeaf()


class _Elsewhere(PrefixVerifier):
    def end(self, result: Result, key: bytes, commitments: Mapping[bytes, bytes]) -> End:
        end = super().end(result, key, commitments)
        if result.kind == ABSENT_LEAF and result.leaf is not None:
            return End(result.leaf.key, end.depth, end.value)
        return end

    def leaf_on_path(self, leaf: Leaf, key: bytes, depth: int) -> None:
        del leaf, key, depth


@search_fault("12.2/non-inclusion-leaf-on-path", "3.3/non-inclusion-terminal-on-path")
class LeafFromElsewhereShowsAbsence(Search):
    """A leaf that shows absence is hashed in where its own key leads."""

    prefix = _Elsewhere()


class _GivenStandIn(PrefixVerifier):
    def root(self, proof: PrefixProof, keys: Sequence[bytes], commitments: Mapping[bytes, bytes]) -> bytes:
        try:
            return super().root(proof, keys, commitments)
        except ProofError:
            here = [n for n, result in enumerate(proof.results[: len(keys)]) if result.kind != ABSENT_PARENT]
            kept = PrefixProof(tuple(proof.results[n] for n in here), proof.elements)
            return super().root(kept, [keys[n] for n in here], commitments)


@search_fault("3.3/search-proof-gives-prefix-root", "12.2/*")
class StandInTakenFromTheElements(Search):
    """The value of a child that does not exist is taken from the elements, where there is one for it."""

    prefix = _GivenStandIn()


# --- Lifetimes and what is not there ---------------------------------------------------------------------------------


@search_fault("7.2/expired-path-needs-distinguished-left")
class ExpiredVersionsTaken(Search):
    """Behind expired entries any entry will do."""

    def vouched(self, terminal: int, inspected: Sequence[int]) -> bool:
        del terminal, inspected
        return True


@search_fault("7.1/no-ladder-at-expired-entry", "7.2/equal-below-expired-needs-distinguished")
class LifetimesIgnored(Search):
    """It expects a ladder in every entry that the search passes, however old."""

    def expired(self, entry: int) -> bool:
        del entry
        return False


@search_fault("13.1/negative-result-refused", "7.2/no-candidate-reports-not-found")
class AbsenceTakenForAnAnswer(Search):
    """A proof that a version does not exist is taken, with the value that came with it."""

    def walk(self, response: SearchResponse) -> None:
        try:
            super().walk(response)
        except SearchFailed as why:
            if why.kind != "absent":
                raise


@search_fault("7.2/chosen-entry-lookup-decides", "13.1/search-proof-verified")
class VersionMustBeTheGreatestSomewhere(Search):
    """A version that is the greatest in no entry is not found."""

    def lookup(self, entry: int, version: int) -> bool:
        raise SearchFailed("absent", f"version {version} is not the greatest in entry {entry}")


FAULTS: tuple[Fault, ...] = faults_of(__name__)
__all__ = ["FAULTS", "search_fault"]
