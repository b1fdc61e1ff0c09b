"""The prefix tree, and proofs of what is in it (draft-ietf-keytrans-protocol 3.3, 11.9, 12.2).

Bits of a key count from the most significant one of its first octet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.protocols.keytrans.trees._log import HASH, ProofError, sha256

INCLUSION, ABSENT_LEAF, ABSENT_PARENT = 1, 2, 3
"""PrefixSearchResultType: inclusion, nonInclusionLeaf, nonInclusionParent."""
STAND_IN = bytes(HASH)
"""The value of a child that does not exist, and of an empty tree."""


def bit(key: bytes, depth: int) -> int:
    """The bit of a key that decides at a node of that depth."""
    return key[depth // 8] >> (7 - depth % 8) & 1


def same_path(one: bytes, other: bytes, depth: int) -> bool:
    """Whether two keys have the same first `depth` bits."""
    return all(bit(one, n) == bit(other, n) for n in range(depth))


def prefix_leaf(key: bytes, commitment: bytes) -> bytes:
    """The value of a leaf (11.9)."""
    return sha256(b"\2", key, commitment)


def prefix_parent(left: bytes, right: bytes) -> bytes:
    """The value of a node with children (11.9)."""
    return sha256(b"\3", left, right)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a prefix tree."""

    key: bytes
    commitment: bytes

    @property
    def value(self) -> bytes:
        """Its hash."""
        return prefix_leaf(self.key, self.commitment)


@dataclass(frozen=True, slots=True)
class Result:
    """Where a search ended: what kind of node, how deep, and the leaf where that is another's."""

    kind: int
    depth: int
    leaf: Leaf | None = None


@dataclass(frozen=True, slots=True)
class PrefixProof:
    """Results in the order of the lookups, and the values that are needed beside them, left to right."""

    results: tuple[Result, ...]
    elements: tuple[bytes, ...]


class PrefixTree:
    """A prefix tree, never changed: `with_leaves` gives another that shares what is the same."""

    __slots__ = ("_root",)

    def __init__(self, leaves: Iterable[Leaf] = ()) -> None:
        self._root: _Node | None = None
        for leaf in leaves:
            self._root = _inserted(self._root, leaf, 0)

    def with_leaves(self, leaves: Iterable[Leaf]) -> PrefixTree:
        """The tree with more leaves; a leaf of the same key is replaced."""
        grown = PrefixTree()
        grown._root = self._root
        for leaf in leaves:
            grown._root = _inserted(grown._root, leaf, 0)
        return grown

    @property
    def root(self) -> bytes:
        """The value of the root."""
        return STAND_IN if self._root is None else self._root.value

    def search(self, key: bytes) -> Result:
        """Where the search for a key ends."""
        node, depth = self._root, 0
        while node is not None and node.leaf is None:
            node, depth = node.children[bit(key, depth)], depth + 1
        if node is None:
            return Result(ABSENT_PARENT, depth)
        assert node.leaf is not None
        return Result(INCLUSION, depth) if node.leaf.key == key else Result(ABSENT_LEAF, depth, node.leaf)

    def value_at(self, key: bytes, depth: int) -> bytes:
        """The value of the node at that depth on a key's path, or of its stand-in."""
        node = self._node_at(key, depth)
        return STAND_IN if node is None else node.value

    def some_leaf(self, key: bytes, depth: int) -> Leaf | None:
        """A leaf below the node at that depth on a key's path, the leftmost; None where there is no such node."""
        node = self._node_at(key, depth)
        while node is not None and node.leaf is None:
            node = node.children[0] or node.children[1]
        return None if node is None else node.leaf

    def _node_at(self, key: bytes, depth: int) -> _Node | None:
        node, at = self._root, 0
        while node is not None and at < depth:
            node, at = None if node.leaf is not None else node.children[bit(key, at)], at + 1
        return node

    def prove(self, keys: Sequence[bytes]) -> PrefixProof:
        """The proof of one lookup after another (12.2)."""
        results = tuple(self.search(key) for key in keys)
        ends = [End(key, result.depth, STAND_IN) for key, result in zip(keys, results, strict=True)]
        return PrefixProof(results, tuple(self.beside(ends)))

    def beside(self, ends: Sequence[End]) -> Iterator[bytes]:
        """The values beside these ends, left to right: a proof's elements."""
        given: list[bytes] = []

        def give(path: bytes, depth: int) -> bytes:
            given.append(self.value_at(path, depth))
            return STAND_IN

        hashed(ends, give, strict=False)
        return iter(given)


class _Node:
    __slots__ = ("children", "leaf", "value")

    def __init__(self, leaf: Leaf | None, children: tuple[_Node | None, _Node | None] = (None, None)) -> None:
        self.leaf = leaf
        self.children = children
        if leaf is not None:
            self.value = leaf.value
        else:
            self.value = prefix_parent(*(STAND_IN if child is None else child.value for child in children))


def _inserted(node: _Node | None, leaf: Leaf, depth: int) -> _Node:
    if node is None or (node.leaf is not None and (node.leaf.key == leaf.key or depth >= 8 * len(leaf.key))):
        return _Node(leaf)
    if node.leaf is not None:
        node = _Node(None, _placed(node, bit(node.leaf.key, depth), None))
    side = bit(leaf.key, depth)
    child = _inserted(node.children[side], leaf, depth + 1)
    return _Node(None, _placed(child, side, node.children[1 - side]))


def _placed(child: _Node, side: int, other: _Node | None) -> tuple[_Node | None, _Node | None]:
    return (other, child) if side else (child, other)


@dataclass(frozen=True, slots=True)
class End:
    """Where a search ended, with the value of the node there; `key` says where that is."""

    key: bytes
    depth: int
    value: bytes


def hashed(ends: Sequence[End], give: Callable[[bytes, int], bytes], *, strict: bool = True) -> bytes:
    """The root over some ends; `give(path, depth)` supplies what is beside them, left to right.

    `path` is a key that leads to what is wanted, with the last bit turned. ProofError, with `strict`, where two ends
    claim different nodes for one place, or one lies above another.
    """

    def value(here: Sequence[End], depth: int) -> bytes:
        at = [end for end in here if end.depth <= depth]
        if at:
            if strict and (len(at) < len(here) or any(end.value != at[0].value for end in at)):
                msg = f"two searches ended differently at depth {depth}"
                raise ProofError(msg)
            return at[0].value
        sides: list[bytes] = []
        for side in (0, 1):
            part = [end for end in here if bit(end.key, depth) == side]
            sides.append(value(part, depth + 1) if part else give(_turned(here[0].key, depth), depth + 1))
        return prefix_parent(*sides)

    return value(ends, 0) if ends else give(bytes(HASH), 0)


def _turned(key: bytes, depth: int) -> bytes:
    octets = bytearray(key)
    octets[depth // 8] ^= 0x80 >> depth % 8
    return bytes(octets)


class PrefixVerifier:
    """Computes the root that a proof gives. Each check is a method, so that a fault replaces one of them."""

    def root(self, proof: PrefixProof, keys: Sequence[bytes], commitments: Mapping[bytes, bytes]) -> bytes:
        """The root of the tree in which these lookups ended so; ProofError where the proof is none.

        `commitments` has those of the keys that are to be found.
        """
        if len(proof.results) != len(keys):
            msg = f"{len(proof.results)} results for {len(keys)} lookups"
            raise ProofError(msg)
        left = iter(proof.elements)
        ends = [self.end(result, key, commitments) for result, key in zip(proof.results, keys, strict=True)]

        def give(path: bytes, depth: int) -> bytes:
            del path
            value = next(left, None)
            if value is None:
                msg = f"no element for a node at depth {depth}"
                raise ProofError(msg)
            return value

        root = self.hashed(ends, give)
        self.nothing_left(left)
        return root

    def hashed(self, ends: Sequence[End], give: Callable[[bytes, int], bytes]) -> bytes:
        """The root over the ends and the elements."""
        return hashed(ends, give)

    def end(self, result: Result, key: bytes, commitments: Mapping[bytes, bytes]) -> End:
        """Where one lookup ended, and the value there."""
        if result.kind == INCLUSION:
            if key not in commitments:
                msg = "a version is included whose commitment was not given"
                raise ProofError(msg)
            return End(key, result.depth, prefix_leaf(key, commitments[key]))
        if result.kind == ABSENT_PARENT:
            return End(key, result.depth, STAND_IN)
        leaf: Any = result.leaf
        self.leaf_is_anothers(leaf, key)
        self.leaf_on_path(leaf, key, result.depth)
        return End(key, result.depth, leaf.value)

    def leaf_is_anothers(self, leaf: Leaf, key: bytes) -> None:
        """A leaf that shows absence is not that of the key itself (12.2)."""
        if leaf.key == key:
            msg = "absence is shown with the leaf of the version itself"
            raise ProofError(msg)

    def leaf_on_path(self, leaf: Leaf, key: bytes, depth: int) -> None:
        """A leaf that shows absence stands where the search for the key ends (3.3)."""
        if not same_path(leaf.key, key, depth):
            msg = "absence is shown with a leaf that is not on the path"
            raise ProofError(msg)

    def nothing_left(self, left: Iterator[bytes]) -> None:
        """All elements were needed (12.2)."""
        if next(left, None) is not None:
            msg = "elements of a prefix proof are left over"
            raise ProofError(msg)
