"""AKD's tree: a Merkle Patricia tree over labels, and the proofs that are cut out of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.protocols.keytrans.messages.akd import (
    ROOT,
    Configuration,
    Element,
    Label,
    Membership,
    NonMembership,
    Sibling,
)


class TreeError(Exception):
    """Elements that are no tree's: one stands where another is, or above it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its value; a leaf, or a node of which nothing below is known, has no children."""

    label: Label
    value: bytes
    left: Node | None = None
    right: Node | None = None

    @property
    def element(self) -> Element:
        """The node as proofs name it."""
        return Element(self.label, self.value)

    @property
    def children(self) -> tuple[Node | None, Node | None]:
        """Both sides."""
        return self.left, self.right


class Tree:
    """The tree of elements, each a leaf or a node of which only the value is known; TreeError where there is none."""

    def __init__(self, configuration: Configuration, elements: Iterable[Element]) -> None:
        self.configuration = configuration
        sides: tuple[list[Element], list[Element]] = ([], [])
        for element in elements:
            if not element.label.length:
                raise TreeError("an element stands in place of the root")
            sides[element.label.bit(0)].append(element)
        left, right = (self.subtree(side) if side else None for side in sides)
        value = self.above(left, right) if left or right else configuration.empty_root
        self.root = Node(ROOT, value, left, right)

    @property
    def root_hash(self) -> bytes:
        """The root hash that is published."""
        return self.configuration.root_hash(self.root.value)

    def subtree(self, elements: Sequence[Element]) -> Node:
        """The node above elements, which are not none; TreeError where one of them begins another."""
        if len(elements) == 1:
            return Node(elements[0].label, elements[0].value)
        common = elements[0].label
        for element in elements[1:]:
            common = common.common(element.label)
        sides: tuple[list[Element], list[Element]] = ([], [])
        for element in elements:
            if element.label.length <= common.length:
                raise TreeError(f"an element of {element.label.length} bits stands above another")
            sides[element.label.bit(common.length)].append(element)
        left, right = (self.subtree(side) for side in sides)
        return Node(common, self.above(left, right), left, right)

    def above(self, left: Node | None, right: Node | None) -> bytes:
        """The value of the node above two, of which one may be missing at the root."""
        return self.configuration.parent(self.child(left), self.child(right))

    def child(self, node: Node | None) -> Element:
        """A child as its parent hashes it."""
        return node.element if node else Element(self.configuration.empty_label, self.configuration.empty_node)

    def path(self, label: Label) -> list[Node]:
        """The nodes from the root down that begin a label."""
        found = [self.root]
        while found[-1].label.length < label.length:
            below = found[-1].children[label.bit(found[-1].label.length)]
            if below is None or not below.label.begins(label):
                break
            found.append(below)
        return found

    def membership(self, node: Node) -> Membership:
        """That a node of the tree is in it."""
        steps = []
        path = self.path(node.label)
        for above, below in itertools.pairwise(path):
            side = int(above.right is below)
            steps.append(Sibling(above.label, self.child(above.children[1 - side]), side))
        return Membership(node.label, node.value, tuple(steps))

    def absence(self, label: Label, at: Node | None = None) -> NonMembership:
        """That a label is not in the tree, anchored where its path leaves it, or (which may be a lie) at this node."""
        node = at or self.path(label)[-1]
        children = self.child(node.left), self.child(node.right)
        return NonMembership(label, node.label, children, self.membership(node))

    def nodes(self, node: Node | None = None) -> Iterator[Node]:
        """All nodes below one (the root), it included, from above."""
        here = node or self.root
        yield here
        for child in here.children:
            if child is not None:
                yield from self.nodes(child)
