"""How a client verifies the answer to a search (draft-ietf-keytrans-protocol, 13.1): each check a method.

What a client knows is a value, `Retained`. A search gives a new one after its last check, and changes nothing before:
so a refused answer leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from conformance.protocols.keytrans.messages.ietf import (
    Configuration,
    LadderStep,
    SearchRequest,
    SearchResponse,
    TreeHead,
    decode_search_response,
    tree_head_tbs,
)
from conformance.protocols.keytrans.messages.ietf_suites import commitment, vrf_input
from conformance.protocols.keytrans.trees import (
    INCLUSION,
    VERSION_LIMIT,
    Entries,
    LogProof,
    PrefixProof,
    PrefixVerifier,
    ProofError,
    Result,
    SearchFailed,
    Span,
    base_ladder,
    frontier,
    full_subtrees,
    log_leaf,
    search_greatest,
    search_version,
    update_view,
)
from conformance.wire import DecodeError

T = TypeVar("T")


class Refused(Exception):
    """An answer that does not hold: `kind` in a word, and why."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Retained:
    """What a client keeps of the last head that it verified (4.2): of its frontier, timestamps and prefix roots."""

    size: int
    heads: tuple[bytes, ...]
    frontier: tuple[tuple[int, bytes], ...]

    def to_json(self) -> dict[str, Any]:
        """As data that can be stored."""
        entries = [[timestamp, root.hex()] for timestamp, root in self.frontier]
        return {"size": self.size, "heads": [head.hex() for head in self.heads], "frontier": entries}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Retained:
        """From stored data."""
        entries = tuple((timestamp, bytes.fromhex(root)) for timestamp, root in said["frontier"])
        return cls(said["size"], tuple(map(bytes.fromhex, said["heads"])), entries)

    @property
    def subtrees(self) -> dict[Span, bytes]:
        """The retained heads by the entries below them."""
        return dict(zip(full_subtrees(self.size), self.heads, strict=True))

    @property
    def entries(self) -> dict[int, tuple[int, bytes]]:
        """The retained frontier by index."""
        return dict(zip(frontier(self.size), self.frontier, strict=True))


class Search(Entries):
    """One search being verified. `verify` goes through all steps; each is a method, so that a fault replaces one."""

    prefix: ClassVar[PrefixVerifier] = PrefixVerifier()
    log_proof: ClassVar[type[LogProof]] = LogProof

    def __init__(self, configuration: Configuration, retained: Retained | None, asked: SearchRequest, now: int) -> None:
        super().__init__(0, configuration.reasonable_monitoring_window, configuration.maximum_lifetime)
        self.configuration = configuration
        self.suite = configuration.suite
        self.retained = retained
        self.asked = asked
        self.now = now
        self.keys: dict[int, bytes] = {}
        self.commitments: dict[bytes, bytes] = {}
        self.timestamps: dict[int, int] = {}
        self.roots: dict[int, bytes] = {}
        self.provided: list[int] = []
        self._results: list[Result] = []
        self._proof: PrefixProof | None = None

    @property
    def known(self) -> int:
        """The advertised size; 0 where there is none."""
        return 0 if self.retained is None else self.retained.size

    def verify(self, octets: bytes) -> tuple[Retained, bytes]:
        """The new state and the value that was found; Refused or DecodeError where the answer does not hold."""
        response = self.read(octets)
        self.begin_search(response)
        try:
            self.walk(response)
            self.nothing_left()
            root = self.candidate_root(response)
        except ProofError as why:
            raise Refused("proof", str(why)) from why
        except SearchFailed as why:
            raise Refused(why.kind, str(why)) from why
        self.within_bounds()
        self.verify_head(response.head, root)
        return self.next_state(), self.value_found(response)

    def read(self, octets: bytes) -> SearchResponse:
        """The response."""
        return decode_search_response(octets, self.suite, fixed=self.asked.version is not None)

    def begin_search(self, response: SearchResponse) -> None:
        """Everything before the walk: the size, the ladder's keys and commitments, and what is retained."""
        self.size = self.size_of(response.head)
        target = self.target(response)
        versions = [version for version in base_ladder(target) if version < VERSION_LIMIT]
        self.steps_counted(response.binary_ladder, versions)
        for version, step in zip(versions, response.binary_ladder, strict=False):
            self.keys[version] = self.search_key(version, step.proof)
            if version == target:
                self.target_without_commitment(step)
                self.commitments[self.keys[version]] = self.target_commitment(response, version)
            elif step.commitment is not None:
                self.commitments[self.keys[version]] = step.commitment
        if self.retained is not None:
            for entry, (timestamp, root) in self.retained.entries.items():
                self.timestamps[entry] = timestamp
                self.roots[entry] = root
        proof = response.search
        self._left = {"timestamps": iter(proof.timestamps), "prefix_proofs": iter(proof.prefix_proofs)}
        self._left |= {"prefix_roots": iter(proof.prefix_roots), "inclusion": iter(proof.inclusion)}

    def target(self, response: SearchResponse) -> int:
        """The version that is searched: the one asked for, or that which is said to be the greatest."""
        version = self.asked.version if response.version is None else response.version
        assert version is not None
        return version

    def value_found(self, response: SearchResponse) -> bytes:
        """The value that the application gets."""
        return response.value

    # --- Heads (11.2, 11.4) ------------------------------------------------------------------------------------------

    def size_of(self, head: TreeHead | None) -> int:
        """The size of the tree that the answer is about."""
        if head is None:
            return self.same_size()
        if not head.tree_size:
            raise Refused("tree-head", "an empty log has no versions")
        self.grown(head.tree_size)
        return head.tree_size

    def same_size(self) -> int:
        """The head stays the same: only if one was advertised (11.4)."""
        if self.retained is None:
            raise Refused("tree-head", "the head is said to be the same as none")
        return self.retained.size

    def grown(self, size: int) -> None:
        """A new head is of a larger tree than the advertised one (11.4)."""
        if size <= self.known:
            raise Refused("tree-head", f"a new head of {size} entries, behind one of {self.known}")

    def verify_head(self, head: TreeHead | None, root: bytes) -> None:
        """The signature over the size and the root that was computed (11.2)."""
        if head is None:
            return
        message = tree_head_tbs(self.signed_configuration(), head.tree_size, root)
        if not self.suite.signed(self.configuration.signature_public_key, message, head.signature):
            raise Refused("signature", "the head's signature is not one over what was computed")

    def signed_configuration(self) -> bytes:
        """The configuration that the signature covers: the client's own, all of it (11.2)."""
        return self.configuration.encode()

    def within_bounds(self) -> None:
        """The rightmost timestamp is close enough to the local clock (4.2)."""
        self.not_ahead(self.newest)
        self.not_behind(self.newest)

    def not_ahead(self, newest: int) -> None:
        """The rightmost timestamp is not too far ahead of the clock (4.2)."""
        if newest - self.now > self.configuration.max_ahead:
            raise Refused("clock", "the log is ahead of the clock")

    def not_behind(self, newest: int) -> None:
        """The rightmost timestamp is not too far behind the clock (4.2)."""
        if self.now - newest > self.configuration.max_behind:
            raise Refused("clock", "the log is behind the clock")

    # --- The ladder's keys and commitments (11.6, 11.7, 13.1) --------------------------------------------------------

    def steps_counted(self, steps: Sequence[LadderStep], versions: Sequence[int]) -> None:
        """There is one step for each version of the ladder (13.1)."""
        if len(steps) != len(versions):
            raise Refused("ladder", f"{len(steps)} steps for {len(versions)} versions")

    def search_key(self, version: int, proof: bytes) -> bytes:
        """The search key of a version, if its VRF proof holds (11.7)."""
        alpha = vrf_input(self.asked.label, version)
        key = self.suite.verified(self.configuration.vrf_public_key, alpha, proof)
        if key is None:
            raise Refused("vrf", f"the VRF proof of version {version} does not hold")
        return key

    def target_without_commitment(self, step: LadderStep) -> None:
        """The commitment to the target is not told, but computed (13.1)."""
        if step.commitment is not None:
            raise Refused("ladder", "a commitment to the target is told")

    def target_commitment(self, response: SearchResponse, version: int) -> bytes:
        """The commitment to the value that came (11.6)."""
        return commitment(response.opening, self.asked.label, version, response.update)

    # --- The walk (4.2, 6.3, 7.2, 12.3) ------------------------------------------------------------------------------

    def walk(self, response: SearchResponse) -> None:
        """Update the view, then search."""
        update_view(self, self.known)
        if self.asked.version is None:
            search_greatest(self, self.target(response))
        else:
            search_version(self, self.asked.version)

    def next(self, field: str) -> Any:
        """The next element of a field; Refused when there is none."""
        value = next(self._left[field], None)
        if value is None:
            raise Refused(field, f"there are too few {field}")
        return value

    def timestamp(self, entry: int) -> int:
        """The timestamp of an entry: known, or the next that was provided (12.3)."""
        if entry not in self.timestamps:
            timestamp = self.next("timestamps")
            self.in_order(entry, timestamp)
            self.timestamps[entry] = timestamp
            self.provided.append(entry)
        return self.timestamps[entry]

    def in_order(self, entry: int, timestamp: int) -> None:
        """No timestamp is below one on its left (12.3)."""
        for other, known in self.timestamps.items():
            if (known > timestamp) if other < entry else (known < timestamp):
                raise Refused("timestamps", f"the timestamps of entries {other} and {entry} are out of order")

    def begin(self, entry: int) -> None:
        """The next prefix proof is that of this entry."""
        del entry
        proof: PrefixProof = self.next("prefix_proofs")
        self._proof, self._results = proof, list(proof.results)

    def look(self, entry: int, version: int) -> bool:
        """What the next result says."""
        del entry
        if version not in self.keys:
            raise Refused("ladder", f"version {version} is not in the ladder")
        if not self._results:
            raise Refused("prefix_proofs", "there are too few results")
        return self._results.pop(0).kind == INCLUSION

    def end(self, entry: int, versions: list[int]) -> None:
        """The proof gives a root, and it is that of the entry."""
        assert self._proof is not None
        root = self.prefix.root(self._proof, [self.keys[version] for version in versions], self.commitments)
        if entry in self.roots:
            self.agreed(entry, self.roots[entry], root)
        else:
            self.roots[entry] = root

    def agreed(self, entry: int, known: bytes, root: bytes) -> None:
        """The root of an entry is the retained one, or that which another proof gave (12.3)."""
        if known == root:
            return
        if self.retained is not None and entry in self.retained.entries:
            self.not_retained(entry)
        else:
            self.two_roots(entry)

    def not_retained(self, entry: int) -> None:
        """A proof contradicts the retained root."""
        raise Refused("prefix_proofs", f"the prefix root of entry {entry} is not the retained one")

    def two_roots(self, entry: int) -> None:
        """Two proofs of one entry contradict each other."""
        raise Refused("prefix_proofs", f"two proofs give entry {entry} different prefix roots")

    def nothing_left(self) -> None:
        """Prefix roots are those of entries with a timestamp and no proof; then nothing is left (12.3)."""
        for entry in sorted(self.provided):
            if entry not in self.roots:
                self.roots[entry] = self.next("prefix_roots")
        for field in ("timestamps", "prefix_proofs", "prefix_roots"):
            self.used_up(field, self._left[field])

    def used_up(self, field: str, left: Iterator[Any]) -> None:
        """All elements of a field were needed."""
        if next(left, None) is not None:
            raise Refused(field, f"there are too many {field}")

    # --- The log tree (12.1) -----------------------------------------------------------------------------------------

    def candidate_root(self, response: SearchResponse) -> bytes:
        """The root of the log, from the entries that were shown, what is retained and the elements."""
        del response
        leaves = {entry: log_leaf(self.timestamps[entry], self.roots[entry]) for entry in self.provided}
        retained = {} if self.retained is None else self.retained.subtrees
        proof = self.log_proof(self.size, leaves, retained, lambda _: self.element())
        root = proof.root()
        self.used_up("inclusion", self._left["inclusion"])
        self._heads = proof.heads()
        return root

    def element(self) -> bytes:
        """The next element of the inclusion proof."""
        value: bytes = self.next("inclusion")
        return value

    def next_state(self) -> Retained:
        """What is kept of this head."""
        entries = tuple((self.timestamps[entry], self.roots[entry]) for entry in frontier(self.size))
        return Retained(self.size, tuple(self._heads.values()), entries)


__all__ = ["DecodeError", "Refused", "Retained", "Search"]
