"""Claims about a directory in which everything but one thing is right: all above the lie is built anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.protocols.keytrans.exchanges._akd import (
    ALICE,
    EPOCHS,
    LABELS,
    Claim,
    Lie,
    Story,
    honest_audit,
    honest_lookup,
    story,
    told,
)
from conformance.protocols.keytrans.messages.akd import AppendOnly, Element, Label, Lookup
from conformance.protocols.keytrans.messages.akd_tree import Node, Tree
from conformance.protocols.keytrans.peers import Directory


def _proof(configuration: str, label: bytes = ALICE) -> tuple[Story, Lookup]:
    known = story(configuration)
    return known, known.directory.lookup(label)


# --- Lookups ---------------------------------------------------------------------------------------------------------


def at_an_earlier_epoch(configuration: str) -> Claim:
    """Version 6 is claimed at epoch 5, with the right root for everything else."""
    return replace(honest_lookup(configuration), epoch=EPOCHS - 1)


def of_another_label(configuration: str) -> Claim:
    """Bob's proof stands for alice."""
    return replace(honest_lookup(configuration, LABELS[1]), label=ALICE)


def version_one_less(configuration: str) -> Claim:
    """The proof of version 6 says that it is 5."""
    known, proof = _proof(configuration)
    return Claim(known.roots[-1], proof=replace(proof, version=proof.version - 1))


def version_one_more(configuration: str) -> Claim:
    """The proof of version 6 says that it is 7, at epoch 7."""
    known, proof = _proof(configuration)
    return Claim(known.roots[-1], EPOCHS + 1, proof=replace(proof, version=proof.version + 1))


def vrf_of_the_stale_place(configuration: str) -> Claim:
    """The VRF proof is that of the version's place as a stale one."""
    known, proof = _proof(configuration)
    return Claim(known.roots[-1], proof=replace(proof, existence_vrf=proof.freshness_vrf))


def marker_of_another_version(configuration: str) -> Claim:
    """In place of the marker, version 4, the proof shows version 1, which is there as well."""
    known, proof = _proof(configuration)
    first, tree = known.directory, known.directory.tree()
    vrf, place = first.place(ALICE, fresh=True, version=1)
    return Claim(known.roots[-1], proof=replace(proof, marker_vrf=vrf, marker=tree.membership(tree.path(place)[-1])))


def marker_that_is_not_there(configuration: str) -> Claim:
    """The marker's place is right, but the directory lacks it: the path is that of a leaf which somebody made up."""
    known, proof = _proof(configuration)
    _, place = known.directory.place(ALICE, fresh=True, version=4)
    made_up = Tree(known.directory.configuration, [Element(place, bytes(32))])
    return Claim(known.roots[-1], proof=replace(proof, marker=made_up.membership(made_up.path(place)[-1])))


def outdated(configuration: str) -> Claim:
    """Version 5, which is marked stale, with the absence proof of version 6."""
    known, proof = _proof(configuration)
    old = known.directory.lookup(ALICE, EPOCHS - 1)
    newest = replace(old, freshness_vrf=proof.freshness_vrf, freshness=proof.freshness)
    return Claim(known.roots[-1], proof=newest)


def outdated_with_old_absence(configuration: str) -> Claim:
    """Version 5, which is marked stale, with the absence proof of the epoch in which it was not."""
    known = story(configuration)
    old = known.directory.lookup(ALICE, EPOCHS - 1)
    before = known.directory.tree(EPOCHS - 1)
    return Claim(known.roots[-1], proof=replace(old, freshness=before.absence(old.freshness.label)))


def root_of_another_epoch(configuration: str) -> Claim:
    """All is right, but the root is that of the epoch before."""
    known, proof = _proof(configuration)
    return Claim(known.roots[-2], proof=proof)


def the_other_configuration(configuration: str) -> Claim:
    """The proof and its root are those of the other configuration."""
    other = {"whatsapp_v1": "experimental", "experimental": "whatsapp_v1"}[configuration]
    return honest_lookup(other)


def lookup_lies(*makers: object) -> dict[str, Lie]:
    """Lies by what their docstrings say."""
    return {maker.__name__.replace("_", " "): Lie(maker.__name__, maker) for maker in makers}  # type: ignore[attr-defined,arg-type]


# --- Absence ---------------------------------------------------------------------------------------------------------


def anchors(configuration: str, version: int) -> list[Node]:
    """The nodes above the leaf that marks a version of alice stale, from the root."""
    known = story(configuration).directory
    _, place = known.place(ALICE, fresh=False, version=version)
    return known.tree().path(place)[:-1]


def absent_at(configuration: str, version: int, at: int) -> Claim:
    """An outdated version, whose stale mark is said to be absent by the honest node at that place of its path."""
    known = story(configuration)
    old, tree = known.directory.lookup(ALICE, version), known.directory.tree()
    node = anchors(configuration, version)[at]
    return Claim(known.roots[-1], proof=replace(old, freshness=tree.absence(old.freshness.label, node)))


def elsewhere(configuration: str) -> Claim:
    """The newest version, whose absence of a stale mark is shown at a node that is not on the way to it."""
    known, proof = _proof(configuration)
    tree = known.directory.tree()
    place = proof.freshness.label
    node = next(n for n in tree.nodes() if n.left and n.right and not n.label.begins(place))
    return Claim(known.roots[-1], proof=replace(proof, freshness=tree.absence(place, node)))


def relabelled(configuration: str) -> Claim:
    """The node beside the way to a stale mark is labelled so short in the tree that it seems to be on the way."""
    known = story(configuration)
    directory = known.directory
    for label in LABELS:
        proof, tree = directory.lookup(label), directory.tree()
        place = proof.freshness.label
        end = tree.path(place)[-1]
        beside = end.children[place.bit(end.label.length)]
        shown = proof.existence.label, proof.marker.label
        if beside is None or beside.left is None or any(beside.label.begins(one) for one in shown):
            continue
        shorter = Node(beside.label.common(place), beside.value, beside.left, beside.right)
        lying = _Rebuilt(directory, beside, shorter)
        existence, marker = (lying.membership(lying.path(one)[-1]) for one in shown)
        freshness = lying.absence(place, shorter)
        return Claim(
            lying.root_hash, label=label, proof=replace(proof, existence=existence, marker=marker, freshness=freshness)
        )
    raise AssertionError("the story has such a node")


class _Rebuilt(Tree):
    """A tree in which one node is another; all above it is hashed anew."""

    def __init__(self, directory: Directory, old: Node, new: Node) -> None:
        super().__init__(directory.configuration, directory.elements())
        self.old, self.new = old, new
        left, right = (self._again(child) if child else None for child in self.root.children)
        self.root = Node(self.root.label, self.above(left, right), left, right)

    def _again(self, node: Node) -> Node:
        if node.label == self.old.label:
            return self.new
        if not node.label.begins(self.old.label):
            return node
        left, right = (self._again(child) if child else None for child in node.children)
        return Node(node.label, self.above(left, right), left, right)


# --- Audits ----------------------------------------------------------------------------------------------------------


def bound_to(shift: int) -> Lie:
    """The proof of an epoch stands for another: the leaves were hashed with their own."""

    def make(configuration: str) -> Claim:
        honest = honest_audit(configuration, 3, 4)
        return replace(honest, epochs=[epoch + shift for epoch in honest.epochs])

    return Lie(f"epoch {shift:+}", make)


def gap(configuration: str) -> Claim:
    """From epoch 2 to 3, and from there to 5: the leaves of the second step were inserted with that epoch."""
    directory = told(configuration).directory
    later = Directory(directory.configuration, directory.secret)
    later.leaves = {
        x.label: replace(x, epoch=5) if x.epoch == 4 else x for x in directory.leaves.values() if x.epoch < 5
    }
    later.epoch = 5
    honest = story(configuration)
    step = AppendOnly(
        tuple(Element(x.label, x.commitment) for x in later.leaves.values() if x.epoch == 5),
        honest.directory.audit(3).unchanged,
    )
    hashes = (honest.roots[2], honest.roots[3], later.tree().root_hash)
    return Claim(hashes=hashes, steps=[honest.directory.audit(2), step], epochs=(2, 4))


def counted(hashes: int, steps: int, epochs: int) -> Lie:
    """So many more hashes, proofs and epochs than belong together."""

    def make(configuration: str) -> Claim:
        honest, more = honest_audit(configuration, 2, 4), honest_audit(configuration, 2, 5)
        return Claim(
            hashes=more.hashes[: 3 + hashes],
            steps=more.steps[: 2 + steps],
            epochs=more.epochs[: 2 + epochs] if epochs >= 0 else honest.epochs[:epochs],
        )

    return Lie(f"{hashes:+} hashes, {steps:+} proofs, {epochs:+} epochs", make)


START = 4


def dropped(configuration: str, *, below: bool, kept: bool) -> list[Claim]:
    """For each node: it stays, and something is inserted in its place or below it on both sides.

    Whoever builds the tree behind and drops the node without a word gets the end hash of a tree in which all that was
    there is gone; or, where what is inserted is dropped (`kept`), the one of before.
    """
    directory = story(configuration).directory
    tree = directory.tree(START)
    return [
        _instead(tree, node, below=below, kept=kept)
        for node in tree.nodes()
        if node is not tree.root and (bool(node.left) if below else not node.left)
    ]


def all_dropped(configuration: str, *, below: bool, kept: bool) -> list[Lie]:
    """The same as lies, one for each node."""

    def of(n: int) -> Lie:
        return Lie(f"node {n}", lambda name: dropped(name, below=below, kept=kept)[n])

    return [of(n) for n in range(len(dropped(configuration, below=below, kept=kept)))]


def _instead(tree: Tree, node: Node, *, below: bool, kept: bool) -> Claim:
    rest = list(_beyond(tree.root, node))
    hashed = tree.configuration
    value = int.from_bytes(node.label.value, "big")
    places = [node.label]
    if below:
        places = [Label((value | side << (255 - node.label.length) | 1).to_bytes(32, "big")) for side in (0, 1)]
    inserted = tuple(Element(place, hashed.hash(b"another")) for place in places)
    behind = Tree(hashed, [*rest, *(Element(x.label, hashed.leaf(x.value, START + 1)) for x in inserted)])
    end = tree.root_hash if kept else behind.root_hash
    step = AppendOnly(inserted, (*rest, node.element))
    return Claim(hashes=(tree.root_hash, end), steps=[step], epochs=[START])


def _beyond(here: Node, node: Node) -> Iterator[Element]:
    """The highest nodes that are not above that one, nor it."""
    for child in here.children:
        if child is None or child.label == node.label:
            continue
        if child.label.begins(node.label):
            yield from _beyond(child, node)
        else:
            yield child.element
