"""How a log answers a search: it walks as its clients do, writes down what they will ask for, and signs the head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from conformance.protocols.keytrans.messages.ietf import (
    SAME,
    UPDATED,
    CombinedTreeProof,
    LadderStep,
    read_optional,
    read_prefix_proof,
    read_result,
)
from conformance.protocols.keytrans.messages.ietf_suites import OPENING, SUITES, Suite
from conformance.protocols.keytrans.peers.log_history import (
    NEIGHBOUR,
    OWN_LEAF,
    STAND_IN_GIVEN,
    Held,
    History,
    View,
)
from conformance.protocols.keytrans.trees import (
    ABSENT_LEAF,
    ABSENT_PARENT,
    HASH,
    INCLUSION,
    STAND_IN,
    VERSION_LIMIT,
    End,
    Entries,
    Leaf,
    Omitted,
    PrefixProof,
    PrefixTree,
    Result,
    base_ladder,
    bit,
    direct_path,
    frontier,
    hashed,
    update_view,
)
from conformance.wire import DecodeError, Get, Many, Message, Reader, Sealed, UInt


class _Never(Omitted):
    def known(self, entry: int, version: int) -> bool | None:
        del entry, version
        return None


class _BothSides(Omitted):
    def known(self, entry: int, version: int) -> bool | None:
        del entry
        return self.anywhere(version)


OMITTING = {"": Omitted, "never": _Never, "both-sides": _BothSides}
"""How a log may leave lookups out, the first rightly."""


class Recorder(Entries):
    """What a client of `known` entries must be told of a label, in the order in which it asks."""

    def __init__(self, history: History, view: View, label: bytes, known: int) -> None:
        super().__init__(view.size, history.window, history.lifetime)
        self.omitted = OMITTING[history.ladders]()
        self.history = history
        self.view = view
        self.label = label
        self.known = known
        self.retained = set(frontier(known))
        self.told: list[int] = []
        self.proofs: list[PrefixProof] = []
        self.proven: set[int] = set()

    def timestamp(self, entry: int) -> int:
        """The timestamp of an entry, told unless it is retained or was told before."""
        if entry not in self.retained and entry not in self.told:
            self.told.append(entry)
        return self.view.timestamps[entry]

    def begin(self, entry: int) -> None:
        """Nothing is needed in front."""

    def look(self, entry: int, version: int) -> bool:
        """Whether a version is there, or not even said to be."""
        if (entry, version) in self.view.forged:
            return False
        return self.view.trees[entry].search(self.key(version)).kind == INCLUSION

    def end(self, entry: int, versions: list[int]) -> None:
        """Keep the proof of the lookups."""
        tree, keys = self.view.trees[entry], [self.key(version) for version in versions]
        lies = {n: self.view.forged[entry, v] for n, v in enumerate(versions) if (entry, v) in self.view.forged}
        self.proofs.append(_forged(tree, keys, lies) if lies else tree.prove(keys))
        self.proven.add(entry)

    def learn(self) -> None:
        """Tell the timestamps that update the client's view (4.2)."""
        if (
            self.history.older
            and self.known
            and not any(e >= self.known for e in direct_path(self.known - 1, self.size))
        ):
            return
        update_view(self, self.known)

    def greater_there(self, entry: int, version: int) -> None:
        """A log that claims another version to be the greatest minds nothing."""
        if self.history.claimed is None:
            super().greater_there(entry, version)

    def missing_there(self, entry: int, version: int) -> None:
        """Likewise where the version is missing."""
        if self.history.claimed is None:
            super().missing_there(entry, version)

    def vouched(self, terminal: int, inspected: Sequence[int]) -> bool:
        """Whether the chosen entry may be told; a log that cheats with expired entries tells any."""
        return self.history.negative or super().vouched(terminal, inspected)

    def key(self, version: int) -> bytes:
        """The search key of a version."""
        held = self.view.held.get((self.label, version))
        key = held.leaf.key if held else self.history.suite.output(self.history.proof(self.label, version))
        assert key is not None
        return key

    def step(self, version: int, target: int) -> LadderStep:
        """What is told of a version in the ladder (13.1)."""
        held = self.view.held.get((self.label, version))
        if held is None:
            return LadderStep(self.history.proof(self.label, version), None)
        return LadderStep(held.proof, None if version == target else held.leaf.commitment)

    def ladder_steps(self, target: int) -> list[LadderStep]:
        """All steps of the ladder."""
        return [self.step(version, target) for version in base_ladder(target) if version < VERSION_LIMIT]

    def combined(self) -> CombinedTreeProof:
        """All that was asked for (12.3)."""
        return CombinedTreeProof(
            tuple(self.view.timestamps[entry] for entry in self.told),
            tuple(self.proofs),
            tuple(self.view.roots[entry] for entry in sorted(self.told) if entry not in self.proven),
            tuple(self.view.log.prove(self.told, self.known)),
        )


def _forged(tree: PrefixTree, keys: Sequence[bytes], lies: dict[int, tuple[int, int]]) -> PrefixProof:
    """A proof made of honest nodes, in which some of what is there is said to be absent."""
    results: list[Result] = []
    ends: list[End] = []
    given: list[tuple[bytes, int]] = []
    for n, key in enumerate(keys):
        found = tree.search(key)
        form, up = lies.get(n, (0, 0))
        depth = max(0, found.depth - up)
        leaf = tree.some_leaf(key, found.depth) if form == OWN_LEAF else None
        if form == NEIGHBOUR:
            leaf = _neighbour(tree, key, depth)
            depth = tree.search(leaf.key).depth
        if not form:
            results.append(found)
        else:
            results.append(Result(ABSENT_LEAF, depth, leaf) if leaf else Result(ABSENT_PARENT, depth))
        at = key if leaf is None else leaf.key
        ends.append(End(at, found.depth if not form else depth, STAND_IN))
        if form == STAND_IN_GIVEN:
            given.append((key, depth))

    def give(path: bytes, depth: int) -> bytes:
        given.append((path, depth))
        return STAND_IN

    hashed(ends, give, strict=False)
    ordered = sorted(given, key=lambda place: [bit(place[0], n) for n in range(place[1])])
    return PrefixProof(tuple(results), tuple(tree.value_at(*place) for place in ordered))


def _neighbour(tree: PrefixTree, key: bytes, depth: int) -> Leaf:
    """A leaf whose path leaves that of the key at the node above `depth`, or above that where there is none."""
    for at in range(depth, 0, -1):
        turned = bytearray(key)
        turned[(at - 1) // 8] ^= 0x80 >> (at - 1) % 8
        if (leaf := tree.some_leaf(bytes(turned), at)) is not None:
            return leaf
    leaf = tree.some_leaf(key, 0)
    assert leaf is not None
    return leaf


# --- Recipes ---------------------------------------------------------------------------------------------------------


def updated_head() -> Message:
    """A new head, signed over the size that it tells and what the answer around it holds: `configuration` and `root`.

    Who signs is `signer`: the number of a suite, and the secret key.
    """

    def sign(get: Get) -> bytes:
        signer = get("signer")
        suite = SUITES[int.from_bytes(signer[:2], "big")]
        return suite.sign(signer[2:], get("configuration") + get("signed_size") + get("root"))

    signature = Message(length=lambda get: UInt(len(get("octets")), 2), octets=sign)
    tree_head = Message(
        tree_size=lambda get: UInt(int.from_bytes(get("size"), "big"), 8),
        signed_size=lambda get: Sealed(get("tree_size")),
        signature=signature,
    )
    return Message(head_type=UInt(UPDATED, 1), tree_head=tree_head)


def same_head() -> Message:
    """The head stays the same (11.4)."""
    return Message(head_type=UInt(SAME, 1))


def told_commitment() -> Message:
    """An optional commitment that is there: the one to the target (13.1)."""
    return Message(present=UInt(1, 1), value=lambda get: get("target_commitment"))


def answer(
    head: Message,
    view: View,
    found: Held | None,
    steps: Sequence[LadderStep],
    proof: CombinedTreeProof,
    *,
    suite: Suite,
    version: int | None = None,
) -> Message:
    """A SearchResponse (13.1): `found` is what is told of the target; `version` is told where none was asked for."""

    def step_read(reader: Reader) -> object:
        reader.take(suite.proof_length, "proof")
        return read_optional(reader, "commitment", lambda: reader.take(HASH, "commitment"))

    parts: dict[str, Any] = {
        "configuration": Sealed(view.configuration),
        "size": Sealed(UInt(view.size, 8)),
        "root": Sealed(view.log.root),
        "signer": Sealed(suite.number.to_bytes(2, "big") + view.signature_key),
        "target_commitment": Sealed(found.leaf.commitment if found else bytes(HASH)),
        "full_tree_head": head,
    }
    if version is not None:
        parts["version"] = UInt(version, 4)
    parts |= {
        "opening": found.opening if found else bytes(OPENING),
        "value": Message(length=lambda get: UInt(len(get("octets")), 4), octets=found.value if found else b""),
        **counted("binary_ladder", [_step(step) for step in steps], 1, step_read),
        "search": combined_recipe(proof),
    }
    return Message(parts)


def combined_recipe(proof: CombinedTreeProof) -> Message:
    """A CombinedTreeProof (12.3)."""
    prefix_proofs = [prefix_proof_recipe(one) for one in proof.prefix_proofs]
    return Message(
        {
            **counted("timestamps", [UInt(timestamp, 8) for timestamp in proof.timestamps], 1, _octets(8)),
            **counted("prefix_proofs", prefix_proofs, 1, lambda reader: read_prefix_proof(reader, "")),
            **counted("prefix_roots", list(proof.prefix_roots), 1, _octets(HASH)),
            "inclusion": Message(counted("elements", list(proof.inclusion), 2, _octets(HASH))),
        }
    )


def prefix_proof_recipe(proof: PrefixProof) -> Message:
    """A PrefixProof (12.2)."""
    results = [_result(result) for result in proof.results]
    return Message(
        {
            **counted("results", results, 1, lambda reader: read_result(reader, "")),
            **counted("elements", list(proof.elements), 2, _octets(HASH)),
        }
    )


def counted(name: str, items: Sequence[Any], width: int, read: Callable[[Reader], object]) -> dict[str, Any]:
    """A vector: how many elements its octets hold, read as far as they can be, and the elements (2.1)."""

    def count(get: Get) -> UInt:
        reader = Reader(get(name))
        n = 0
        try:
            while reader.left:
                read(reader)
                n += 1
        except DecodeError:
            n = len(items)
        return UInt(n, width)

    return {f"{name}_count": count, name: Many(items)}


def _octets(n: int) -> Callable[[Reader], object]:
    return lambda reader: reader.take(n, "element")


def _step(step: LadderStep) -> Message:
    told = {} if step.commitment is None else {"value": step.commitment}
    return Message(proof=step.proof, commitment=Message(present=UInt(len(told), 1), **told))


def _result(result: Result) -> Message:
    parts: dict[str, Any] = {"result_type": UInt(result.kind, 1)}
    if result.leaf is not None:
        parts["leaf"] = Message(vrf_output=result.leaf.key, commitment=result.leaf.commitment)
    return Message(parts, depth=UInt(result.depth, 1))


__all__ = ["Recorder", "answer", "same_head", "told_commitment", "updated_head"]
