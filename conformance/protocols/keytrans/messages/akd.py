"""AKD's hashing, in both configurations, and its proofs (facebook/akd: `configuration`, `proto/specs/types.proto`).

Proofs cross the wire as Protocol Buffers. A label is 256 bits, or the first `length` of them; the octets of a shorter
one stand without the zeros behind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from blake3 import blake3

from conformance.protocols.keytrans.messages.protobuf import Fields, base128, number_field, octets_field, repeated
from conformance.wire import DecodeError, Many, Message

LABEL_BITS = 256
DIGEST = 32


@dataclass(frozen=True, slots=True)
class Label:
    """A place in the tree: 32 octets, of which the first `length` bits count."""

    value: bytes
    length: int = LABEL_BITS

    def bit(self, at: int) -> int:
        """The bit at that place, the highest of the first octet at 0."""
        return self.value[at // 8] >> (7 - at % 8) & 1

    def prefix(self, length: int) -> Label:
        """The label of its first bits; itself where it has no more."""
        if length >= self.length:
            return self
        kept = int.from_bytes(self.value, "big") >> (LABEL_BITS - length) << (LABEL_BITS - length)
        return Label(kept.to_bytes(32, "big"), length)

    def begins(self, other: Label) -> bool:
        """Whether the other label is this one, or goes on from it."""
        return self.length <= other.length and self.prefix(self.length).same(other.prefix(self.length))

    def same(self, other: Label) -> bool:
        """Whether both mean one place, whatever stands behind their bits."""
        width = LABEL_BITS - self.length
        ours, theirs = (int.from_bytes(label.value, "big") >> width for label in (self, other))
        return self.length == other.length and ours == theirs

    def common(self, other: Label) -> Label:
        """The longest label that begins both."""
        most = min(self.length, other.length)
        length = next((n for n in range(most) if self.bit(n) != other.bit(n)), most)
        return Label(self.value, LABEL_BITS).prefix(length)

    def octets(self) -> bytes:
        """Length and value, as they are hashed."""
        return self.length.to_bytes(4, "big") + self.value

    def recipe(self) -> Message:
        """The label as it crosses the wire."""
        return Message(label_val=octets_field(1, self.value.rstrip(b"\0")), label_len=number_field(2, self.length))

    @classmethod
    def decode(cls, fields: Fields) -> Label:
        """A label out of fields; DecodeError where it is none."""
        value, length = fields.octets(1, "label_val"), fields.number(2, "label_len", LABEL_BITS)
        if len(value) > 32:
            raise DecodeError(f"{fields.path}.label_val", 0, f"{len(value)} octets")
        return cls(value.ljust(32, b"\0"), length)


ROOT = Label(bytes(32), 0)


class Configuration(ABC):
    """How a directory hashes."""

    name: ClassVar[str]
    empty_root: ClassVar[bytes]
    empty_node: ClassVar[bytes]
    empty_label: ClassVar[Label]
    stale: ClassVar[bytes]

    @abstractmethod
    def hash(self, *parts: bytes) -> bytes:
        """The hash of octets behind one another."""

    @abstractmethod
    def parent(self, left: Element, right: Element) -> bytes:
        """The value of the node above two."""

    @abstractmethod
    def root_hash(self, value: bytes) -> bytes:
        """The root hash that is published for the value of the root node."""

    @abstractmethod
    def nonce(self, key: bytes, label: Label, version: int, value: bytes) -> bytes:
        """The nonce of a commitment."""

    def commitment(self, value: bytes, nonce: bytes) -> bytes:
        """The commitment to a value."""
        return self.hash(sized(value), sized(nonce))

    def leaf(self, commitment: bytes, epoch: int) -> bytes:
        """The value of a leaf."""
        return self.hash(commitment, epoch.to_bytes(8, "big"))

    def vrf_input(self, label: bytes, fresh: bool, version: int) -> bytes:
        """What the VRF is asked for the place of a version of a label."""
        return self.hash(sized(label), bytes([fresh]), version.to_bytes(8, "big"))


def sized(octets: bytes) -> bytes:
    """Octets with their length in front."""
    return len(octets).to_bytes(8, "big") + octets


class WhatsAppV1(Configuration):
    """BLAKE3 without prefixes; labels are hashed, and so is the root once more."""

    name = "whatsapp_v1"
    empty_label = Label(b"\1" * 32, 0)
    empty_root = stale = blake3(b"\0").digest()
    empty_node = blake3(blake3(b"\0").digest() + blake3(empty_label.octets()).digest()).digest()

    def hash(self, *parts: bytes) -> bytes:
        return blake3(b"".join(parts)).digest()

    def parent(self, left: Element, right: Element) -> bytes:
        sides = (self.hash(side.value, self.hash(side.label.octets())) for side in (left, right))
        return self.hash(*sides)

    def root_hash(self, value: bytes) -> bytes:
        return self.hash(value, self.hash(ROOT.octets()))

    def nonce(self, key: bytes, label: Label, version: int, value: bytes) -> bytes:
        return self.hash(key, label.octets(), version.to_bytes(8, "big"), sized(value))


class Experimental(Configuration):
    """BLAKE3 with a domain in front of everything; labels stand as they are."""

    name = "experimental"
    empty_label = Label(b"\1" + bytes(31), 0)
    empty_root = empty_node = stale = bytes(32)
    domain: ClassVar[bytes] = b"ExampleLabel"

    def hash(self, *parts: bytes) -> bytes:
        return blake3(self.domain + b"".join(parts)).digest()

    def parent(self, left: Element, right: Element) -> bytes:
        return self.hash(left.value, left.label.octets(), right.value, right.label.octets())

    def root_hash(self, value: bytes) -> bytes:
        return value

    def nonce(self, key: bytes, label: Label, version: int, value: bytes) -> bytes:
        del version, value
        return self.hash(key, label.octets())


CONFIGURATIONS: dict[str, Configuration] = {one.name: one for one in (WhatsAppV1(), Experimental())}
"""The configurations by name."""


# --- Proofs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Element:
    """A node as proofs name it."""

    label: Label
    value: bytes

    def recipe(self) -> Message:
        """The element as it crosses the wire."""
        return Message(label=octets_field(1, self.label.recipe()), value=octets_field(2, self.value))

    @classmethod
    def decode(cls, fields: Fields) -> Element:
        """An element out of fields; DecodeError where it is none."""
        return cls(Label.decode(fields.message(1, "label")), fields.octets(2, "value", DIGEST))


@dataclass(frozen=True, slots=True)
class Sibling:
    """One step of a path to the root: the node above, what stands beside the path, and the side the path comes from."""

    label: Label
    sibling: Element
    direction: int

    def recipe(self) -> Message:
        """The step as it crosses the wire."""
        return Message(
            label=octets_field(1, self.label.recipe()),
            siblings=repeated(2, [self.sibling.recipe()]),
            direction=number_field(3, self.direction),
        )

    @classmethod
    def decode(cls, fields: Fields) -> Sibling:
        """A step out of fields; DecodeError where it is none."""
        siblings = fields.messages(2, "siblings")
        if len(siblings) != 1:
            raise DecodeError(f"{fields.path}.siblings", 0, f"{len(siblings)}, not one")
        return cls(
            Label.decode(fields.message(1, "label")), Element.decode(siblings[0]), fields.number(3, "direction", 1)
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """That a node is in the tree: the steps from the root's down to it."""

    label: Label
    value: bytes
    path: tuple[Sibling, ...]

    def recipe(self) -> Message:
        """The proof as it crosses the wire."""
        return Message(
            label=octets_field(1, self.label.recipe()),
            hash_val=octets_field(2, self.value),
            sibling_proofs=repeated(3, [step.recipe() for step in self.path]),
        )

    @classmethod
    def decode(cls, fields: Fields) -> Membership:
        """A proof out of fields; DecodeError where it is none."""
        return cls(
            Label.decode(fields.message(1, "label")),
            fields.octets(2, "hash_val", DIGEST),
            tuple(map(Sibling.decode, fields.messages(3, "sibling_proofs"))),
        )


@dataclass(frozen=True, slots=True)
class NonMembership:
    """That a label is not in the tree: the node at which its path leaves the tree, with both children."""

    label: Label
    longest_prefix: Label
    children: tuple[Element, Element]
    membership: Membership

    def recipe(self) -> Message:
        """The proof as it crosses the wire."""
        return Message(
            label=octets_field(1, self.label.recipe()),
            longest_prefix=octets_field(2, self.longest_prefix.recipe()),
            longest_prefix_children=repeated(3, [child.recipe() for child in self.children]),
            longest_prefix_membership_proof=octets_field(4, self.membership.recipe()),
        )

    @classmethod
    def decode(cls, fields: Fields) -> NonMembership:
        """A proof out of fields; DecodeError where it is none."""
        children = [Element.decode(child) for child in fields.messages(3, "longest_prefix_children")]
        if len(children) != 2:
            raise DecodeError(f"{fields.path}.longest_prefix_children", 0, f"{len(children)}, not two")
        return cls(
            Label.decode(fields.message(1, "label")),
            Label.decode(fields.message(2, "longest_prefix")),
            (children[0], children[1]),
            Membership.decode(fields.message(4, "longest_prefix_membership_proof")),
        )


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is proved of the newest version of a label."""

    epoch: int
    value: bytes
    version: int
    existence_vrf: bytes
    existence: Membership
    marker_vrf: bytes
    marker: Membership
    freshness_vrf: bytes
    freshness: NonMembership
    nonce: bytes

    def recipe(self) -> Message:
        """The proof as it crosses the wire."""
        return Message(
            epoch=number_field(1, self.epoch),
            value=octets_field(2, self.value),
            version=number_field(3, self.version),
            existence_vrf_proof=octets_field(4, self.existence_vrf),
            existence_proof=octets_field(5, self.existence.recipe()),
            marker_vrf_proof=octets_field(6, self.marker_vrf),
            marker_proof=octets_field(7, self.marker.recipe()),
            freshness_vrf_proof=octets_field(8, self.freshness_vrf),
            freshness_proof=octets_field(9, self.freshness.recipe()),
            commitment_nonce=octets_field(10, self.nonce),
        )

    @classmethod
    def decode(cls, octets: bytes) -> Lookup:
        """A proof out of octets; DecodeError where it is none."""
        fields = Fields(octets, "proof")
        return cls(
            fields.number(1, "epoch"),
            fields.octets(2, "value"),
            fields.number(3, "version"),
            fields.octets(4, "existence_vrf_proof"),
            Membership.decode(fields.message(5, "existence_proof")),
            fields.octets(6, "marker_vrf_proof"),
            Membership.decode(fields.message(7, "marker_proof")),
            fields.octets(8, "freshness_vrf_proof"),
            NonMembership.decode(fields.message(9, "freshness_proof")),
            fields.octets(10, "commitment_nonce"),
        )


@dataclass(frozen=True, slots=True)
class AppendOnly:
    """That nothing was changed between two epochs: what was inserted (as commitments), and the nodes that stayed."""

    inserted: tuple[Element, ...]
    unchanged: tuple[Element, ...]

    def recipe(self) -> Message:
        """The proof as it crosses the wire."""
        return Message(
            inserted=repeated(1, [one.recipe() for one in self.inserted]),
            unchanged_nodes=repeated(2, [one.recipe() for one in self.unchanged]),
        )

    @classmethod
    def decode(cls, fields: Fields) -> AppendOnly:
        """A proof out of fields; DecodeError where it is none."""
        inserted, unchanged = (fields.messages(*which) for which in ((1, "inserted"), (2, "unchanged_nodes")))
        return cls(tuple(map(Element.decode, inserted)), tuple(map(Element.decode, unchanged)))


def audit_recipe(proofs: Sequence[AppendOnly], epochs: Sequence[int]) -> Message:
    """The proofs of several epochs as they cross the wire; `epochs` are those they start from."""
    return Message(
        proofs=repeated(1, [proof.recipe() for proof in proofs]),
        epochs=Many([number_field(2, epoch) for epoch in epochs]),
    )


def decode_audit(octets: bytes) -> tuple[tuple[AppendOnly, ...], tuple[int, ...]]:
    """Proofs of several epochs, and the epochs that they start from; DecodeError where they are none."""
    fields = Fields(octets, "proof")
    return tuple(map(AppendOnly.decode, fields.messages(1, "proofs"))), tuple(fields.numbers(2))


__all__ = [
    "CONFIGURATIONS", "DIGEST", "LABEL_BITS", "ROOT", "AppendOnly", "Configuration", "Element", "Label", "Lookup",
    "Membership", "NonMembership", "Sibling", "audit_recipe", "base128", "decode_audit",
]  # fmt: skip
