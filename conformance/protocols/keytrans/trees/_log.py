"""The log tree: roots, and batches of inclusion and consistency proofs (draft-ietf-keytrans-protocol 3.2, 11.8, 12.1).

A node is the span of leaves below it, (first, behind the last). Its value is a hash; which kind it is decides how its
parent hashes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

HASH = 32
Span = tuple[int, int]
"""The leaves below a node: first, and behind the last."""


class ProofError(Exception):
    """A proof that cannot be: elements are missing or left over, or what is computed contradicts what is known."""


def sha256(*parts: bytes) -> bytes:
    """The hash of octets behind one another."""
    return hashlib.sha256(b"".join(parts)).digest()


def log_leaf(timestamp: int, prefix_tree: bytes) -> bytes:
    """The value of a log entry (11.8)."""
    return sha256(timestamp.to_bytes(8, "big"), prefix_tree)


def log_parent(span: Span, left: bytes, right: bytes) -> bytes:
    """The value of the node above a span's two parts, each hashed with its kind in front (11.8)."""
    middle = split(span)
    return sha256(_tag(span[0], middle), left, _tag(middle, span[1]), right)


def _tag(first: int, behind: int) -> bytes:
    return b"\0" if behind - first == 1 else b"\1"


def split(span: Span) -> int:
    """Where a node of two leaves or more divides: its left part is the largest balanced one (3.2)."""
    first, behind = span
    return first + (1 << ((behind - first - 1).bit_length() - 1))


def balanced(span: Span) -> bool:
    """Whether the number of leaves is a power of two, which makes the node the head of a balanced subtree."""
    length = span[1] - span[0]
    return length & (length - 1) == 0


def full_subtrees(size: int) -> list[Span]:
    """The balanced subtrees that are as large as possible, left to right (4.2)."""
    found: list[Span] = []
    first = 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            found.append((first, first + (1 << bit)))
            first += 1 << bit
    return found


class LogTree:
    """A log tree with all its leaves."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self._values: dict[Span, bytes] = {}

    def value(self, span: Span) -> bytes:
        """The value of a node."""
        if span[1] - span[0] == 1:
            return self.leaves[span[0]]
        if span not in self._values:
            middle = split(span)
            left, right = self.value((span[0], middle)), self.value((middle, span[1]))
            self._values[span] = log_parent(span, left, right)
        return self._values[span]

    @property
    def root(self) -> bytes:
        """The value of the root; the log is not empty."""
        return self.value((0, len(self.leaves)))

    def prove(self, proven: Sequence[int], known: int = 0) -> list[bytes]:
        """The elements that show these leaves, to whoever retained the full subtrees of `known` entries (12.1)."""
        elements: list[bytes] = []

        def give(span: Span) -> bytes:
            elements.append(self.value(span))
            return elements[-1]

        shown = {index: self.leaves[index] for index in proven}
        retained = {span: self.value(span) for span in full_subtrees(known)}
        LogProof(len(self.leaves), shown, retained, give).root()
        return elements


class LogProof:
    """The walk that provers and verifiers share: which nodes are computed, which retained, which given.

    `give(span)` supplies a node that can be had in no other way. `values` are those of all nodes that were passed.
    """

    def __init__(
        self,
        size: int,
        leaves: Mapping[int, bytes],
        retained: Mapping[Span, bytes],
        give: Callable[[Span], bytes],
    ) -> None:
        self.size = size
        self.leaves = leaves
        self.retained = retained
        self.give = give
        self.values: dict[Span, bytes] = {}

    def root(self) -> bytes:
        """The value of the root; ProofError where a retained value is contradicted."""
        return self._value((0, self.size))

    def heads(self) -> dict[Span, bytes]:
        """The full subtrees of the tree, once its root is computed."""
        return {span: self.values[span] for span in full_subtrees(self.size)}

    def _value(self, span: Span, *, below: bool = False) -> bytes:
        """The value of a node; `below` a retained one, only leaves and elements count."""
        proven = any(span[0] <= index < span[1] for index in self.leaves)
        own = None if below else self.retained.get(span)
        if span[1] - span[0] == 1 and span[0] in self.leaves:
            value = self.leaves[span[0]]
        elif own is not None and not proven:
            value = own
        elif proven or (not below and self._holds(span) and own is None) or not balanced(span):
            middle = split(span)
            below = below or own is not None
            left = self._value((span[0], middle), below=below)
            value = log_parent(span, left, self._value((middle, span[1]), below=below))
        else:
            value = self.give(span)
        if own is not None:
            value = self.recomputed(span, value, own)
        self.values[span] = value
        return value

    def recomputed(self, span: Span, value: bytes, own: bytes) -> bytes:
        """A retained head that was computed anew must be the same (12.1)."""
        if value != own:
            msg = f"the head of entries {span[0]} to {span[1] - 1} is not the retained one"
            raise ProofError(msg)
        return value

    def _holds(self, span: Span) -> bool:
        return any(span[0] <= first and behind <= span[1] for first, behind in self.retained)


def queue(elements: Sequence[bytes]) -> tuple[Callable[[Span], bytes], Iterator[bytes]]:
    """`give` for a verifier, and what it leaves: ProofError when there are too few elements."""
    left = iter(elements)

    def give(span: Span) -> bytes:
        value = next(left, None)
        if value is None:
            msg = f"no element for entries {span[0]} to {span[1] - 1}"
            raise ProofError(msg)
        return value

    return give, left
