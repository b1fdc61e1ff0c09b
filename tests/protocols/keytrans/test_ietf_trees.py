"""The trees against naive definitions, and against another project's vectors."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest

from conformance.protocols.keytrans.trees import (
    ABSENT_LEAF,
    INCLUSION,
    Leaf,
    LogProof,
    LogTree,
    Omitted,
    PrefixProof,
    PrefixTree,
    PrefixVerifier,
    ProofError,
    Result,
    base_ladder,
    direct_path,
    frontier,
    full_subtrees,
    left_child,
    log_leaf,
    queue,
    right_child,
    search_ladder,
    search_root,
    view_update,
)
from tests.protocols.keytrans.upstream import upstream


def octets(value: Any) -> bytes:
    return bytes.fromhex(value)


# the implicit search tree


def naive(first: int, size: int) -> dict[int, tuple[int | None, int | None]]:
    """Children of each entry, by the inductive definition of 4.1."""
    if not size:
        return {}
    root = 2 ** (len(bin(size)) - 3) - 1
    below = naive(first, root) | naive(first + root + 1, size - root - 1)
    sides = [(first, root), (first + root + 1, size - root - 1)]
    ends = tuple(f + 2 ** (len(bin(n)) - 3) - 1 if n else None for f, n in sides)
    return below | {first + root: (ends[0], ends[1])}


@pytest.mark.parametrize("size", [*range(1, 70), 255, 256, 1000])
def test_search_tree_is_the_inductive_one(size: int) -> None:
    for index, children in naive(0, size).items():
        assert (left_child(index), right_child(index, size)) == children
    parents = {child: index for index, both in naive(0, size).items() for child in both if child is not None}
    for index in range(size):
        path, at = [], index
        while at in parents:
            at = parents[at]
            path.append(at)
        assert direct_path(index, size) == path


def test_frontier_of_fifty_entries_is_that_of_the_document() -> None:
    assert frontier(50) == [31, 47, 49]


@pytest.mark.parametrize("size", range(1, 66))
def test_a_grown_view_always_learns_the_rightmost_timestamp(size: int) -> None:
    for known in range(1, size):
        learned = view_update(size, known)
        assert learned == sorted(learned)
        assert learned[-1] == size - 1
        assert set(frontier(size)) <= {*learned, *frontier(known)}


def test_search_tree_upstream() -> None:
    for case in upstream("ibst.json"):
        size = case["input"]["size"]
        assert search_root(size) == case["expect"]["root"]
        assert frontier(size) == case["expect"]["frontier"]
        for node in case["expect"]["nodes"]:
            index = node.get("index", node.get("entry"))
            assert left_child(index) == node.get("left")
            assert right_child(index, size) == node.get("right")


def test_update_of_a_view_upstream() -> None:
    older = 0
    for case in upstream("update-view.json"):
        size, known = case["input"]["size"], case["input"].get("advertised", 0)
        learned = view_update(size, known)
        if learned != case["expect"]["entries"]:
            # Before July 2026 a view whose rightmost entry stays on the frontier learned no timestamps (AMB-19).
            assert not [index for index in direct_path(known - 1, size) if index >= known]
            assert case["expect"]["entries"] == []
            older += 1
    assert older == 15


# ladders


def test_ladder_of_the_document() -> None:
    assert base_ladder(6) == [0, 1, 3, 7, 5, 6]
    assert base_ladder(2**32 - 1)[:33] == [2**n - 1 for n in range(33)]


@pytest.mark.parametrize("target", range(20))
@pytest.mark.parametrize("greatest", range(-1, 20))
def test_search_ladder_tells_the_order(target: int, greatest: int) -> None:
    asked: list[int] = []

    def included(version: int) -> bool:
        asked.append(version)
        return version <= greatest

    assert search_ladder(target, included) == (greatest > target) - (greatest < target)
    assert set(asked) <= set(base_ladder(target))


def test_ladders_upstream() -> None:
    kinds = set()
    for case in upstream("binary-ladder.json"):
        given = case["input"]
        kinds.add(given["kind"])
        if given["kind"] == "base":
            assert base_ladder(given["greatest"]) == case["expect"]["versions"]
        elif given["kind"] == "search":
            omitted = Omitted()
            asked: list[int] = []
            for version in given["left_inclusion"]:
                omitted.shown(0, version, included=True)
            for version in given["right_non_inclusion"]:
                omitted.shown(2, version, included=False)

            def included(version: int, given: Any = given, omitted: Omitted = omitted, asked: Any = asked) -> bool:
                if omitted.known(1, version) is None:
                    asked.append(version)
                return bool(version <= given["greatest"])

            search_ladder(given["target"], included)
            assert asked == case["expect"]["versions"]
    assert kinds == {"base", "search", "monitoring"}


def test_what_a_ladder_says_upstream() -> None:
    for case in upstream("ladder-interpretation.json"):
        results: dict[int, bool] = dict(zip(case["input"]["ladder"], case["input"]["results"], strict=True))
        assert search_ladder(case["input"]["target"], results.__getitem__) == case["expect"]["verdict"]


# the log tree


def leaves(size: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % n).digest() for n in range(size)]


def naive_root(values: list[bytes]) -> bytes:
    if len(values) == 1:
        return values[0]
    middle = max(2**n for n in range(12) if 2**n < len(values))
    sides = values[:middle], values[middle:]
    return hashlib.sha256(b"".join(bytes([len(side) > 1]) + naive_root(side) for side in sides)).digest()


def verify(size: int, proven: dict[int, bytes], retained: Any, elements: list[bytes]) -> tuple[bytes, Any]:
    give, left = queue(elements)
    proof = LogProof(size, proven, retained, give)
    root = proof.root()
    assert next(left, None) is None
    return root, proof.heads()


@pytest.mark.parametrize("size", range(1, 34))
def test_batches_of_proofs_give_the_root_and_the_heads(size: int) -> None:
    values, rng = leaves(size), random.Random(size)
    tree = LogTree(values)
    assert tree.root == naive_root(values)
    for known in range(size + 1):
        proven = sorted(rng.sample(range(size), rng.randint(0, min(size, 4))))
        if not known and not proven:
            continue
        retained = {span: LogTree(values[:known]).value(span) for span in full_subtrees(known)}
        elements = tree.prove(proven, known)
        root, heads = verify(size, {n: values[n] for n in proven}, retained, elements)
        assert root == tree.root
        assert heads == {span: tree.value(span) for span in full_subtrees(size)}


def test_a_retained_head_that_is_recomputed_must_be_the_same() -> None:
    values = leaves(11)
    other = [*values]
    other[2] = bytes(32)
    retained = {span: LogTree(values[:8]).value(span) for span in full_subtrees(8)}
    elements = LogTree(other).prove([3], 8)
    with pytest.raises(ProofError, match="retained"):
        verify(11, {3: values[3]}, retained, elements)


def test_log_trees_upstream() -> None:
    proofs = 0
    for case in upstream("log-tree.json"):
        values = [log_leaf(e["timestamp"], octets(e["prefix_tree"])) for e in case["input"]["entries"]]
        tree = LogTree(values)
        assert [v.hex() for v in values] == case["expect"]["leaf_values"]
        assert tree.root == octets(case["expect"]["root"])
        assert [tree.value(s).hex() for s in full_subtrees(len(values))] == case["expect"]["full_subtrees"]
        for asked, proof in zip(case["input"]["requests"], case["expect"]["proofs"], strict=True):
            proven, known = asked["proven_leaves"], asked.get("retained_size", 0)
            assert [e.hex() for e in tree.prove(proven, known)] == proof["elements"]
            proofs += 1
    assert proofs > 200


# the prefix tree


def test_prefix_trees_upstream() -> None:
    for case in upstream("prefix-tree.json"):
        found = [Leaf(octets(e["vrf_output"]), octets(e["commitment"])) for e in case["input"]["entries"]]
        tree, keys = PrefixTree(found), [octets(key) for key in case["input"]["searches"]]
        proof = tree.prove(keys)
        assert tree.root == octets(case["expect"]["root"])
        assert [e.hex() for e in proof.elements] == case["expect"]["elements"]
        assert [(r.kind, r.depth) for r in proof.results] == [
            (r["result_type"], r["depth"]) for r in case["expect"]["results"]
        ]
        assert PrefixVerifier().root(proof, keys, {leaf.key: leaf.commitment for leaf in found}) == tree.root


def grown(n: int, seed: int) -> list[Leaf]:
    rng = random.Random(seed)
    return [Leaf(rng.randbytes(32), rng.randbytes(32)) for _ in range(n)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 10, 100])
def test_what_a_tree_proves_is_verified(size: int) -> None:
    found = grown(size, size)
    tree = PrefixTree(found)
    assert PrefixTree(found[::-1]).root == tree.root
    assert PrefixTree(found[: size // 2]).with_leaves(found[size // 2 :]).root == tree.root
    keys = [leaf.key for leaf in found[:5]] + [leaf.key for leaf in grown(5, 1000)]
    proof = tree.prove(keys)
    commitments = {leaf.key: leaf.commitment for leaf in found}
    assert PrefixVerifier().root(proof, keys, commitments) == tree.root
    for n in range(len(proof.elements)):
        changed = list(proof.elements)
        changed[n] = bytes(31) + b"\1"
        assert PrefixVerifier().root(PrefixProof(proof.results, tuple(changed)), keys, commitments) != tree.root
    with pytest.raises(ProofError):
        PrefixVerifier().root(PrefixProof(proof.results, (*proof.elements, bytes(32))), keys, commitments)
    if proof.elements:
        with pytest.raises(ProofError):
            PrefixVerifier().root(PrefixProof(proof.results, proof.elements[:-1]), keys, commitments)


def test_absence_of_what_is_there_cannot_be_shown() -> None:
    """For each key, each node on its path, each form: no proof that is built from honest nodes gives the root."""
    found = grown(12, 7)
    tree = PrefixTree(found)
    commitments = {leaf.key: leaf.commitment for leaf in found}
    tried = 0
    for leaf in found:
        depth = tree.search(leaf.key).depth
        honest = tree.prove([leaf.key]).elements
        for at in range(depth + 2):
            beside = tuple(tree.value_at(_turned(leaf.key, n), n + 1) for n in range(at))
            beside = tuple(v for n, v in enumerate(beside) if _bit(leaf.key, n)) + tuple(
                v for n, v in reversed(list(enumerate(beside))) if not _bit(leaf.key, n)
            )
            forms = [Result(3, at), *(Result(ABSENT_LEAF, at, other) for other in found)]
            for form in forms:
                for elements in (honest, beside, (*beside, tree.value_at(leaf.key, at))):
                    try:
                        root = PrefixVerifier().root(PrefixProof((form,), elements), [leaf.key], commitments)
                    except ProofError:
                        root = b""
                    assert root != tree.root
                    tried += 1
    assert tried > 1000


def test_two_ends_at_one_place_must_agree() -> None:
    key = bytes(32)
    other = b"\1" + bytes(31)
    proof = PrefixProof((Result(INCLUSION, 0), Result(ABSENT_LEAF, 0, Leaf(key, bytes(32)))), ())
    PrefixVerifier().root(proof, [key, other], {key: bytes(32)})
    with pytest.raises(ProofError):
        PrefixVerifier().root(proof, [key, other], {key: b"\1" * 32})


def _bit(key: bytes, n: int) -> int:
    return key[n // 8] >> (7 - n % 8) & 1


def _turned(key: bytes, n: int) -> bytes:
    changed = bytearray(key)
    changed[n // 8] ^= 0x80 >> n % 8
    return bytes(changed)
