"""What a log holds, as a recipe: the point at which a cheating log is told what to lie about.

Everything that the log says is computed from the history as it left that point: prefix trees, roots, proofs and
signatures follow a change in it by themselves.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.protocols.keytrans.messages.ietf import Configuration, vector
from conformance.protocols.keytrans.messages.ietf_suites import OPENING, Suite, commitment, vrf_input
from conformance.protocols.keytrans.trees import Leaf, LogTree, PrefixTree, log_leaf
from conformance.wire import Get, Many, Message, UInt

OWN_LEAF, NEIGHBOUR, STAND_IN_THERE, STAND_IN_GIVEN = 1, 2, 3, 4
"""Forms of a forged absence: with the leaf of the version itself, with the leaf of a neighbour, with a stand-in in the
place of a node, and that with the node's value among the elements besides."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """A version of a label with its value; of what is `bare` nobody will search, and only the leaf is told."""

    label: bytes
    version: int
    value: bytes
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A log entry: when it was made (milliseconds since 1970), and what was inserted with it."""

    timestamp: int
    inserted: tuple[Inserted, ...]


@dataclass(frozen=True, slots=True)
class History:
    """An honest log: its suite, entries and durations (milliseconds). Keys and openings follow from the suite."""

    suite: Suite
    entries: tuple[Entry, ...]
    max_ahead: int = 600_000
    max_behind: int = 600_000
    window: int = 7 * 86_400_000
    lifetime: int | None = None
    negative: bool = False
    """Whether it answers searches that end in nothing (13.1), and where an expired entry is in the way (7.2)."""
    claimed: int | None = None
    """The version that it says to be the greatest; None: that which is."""
    ladders: str = ""
    """How it leaves out what it has shown before (6.2): as it should, `never`, or on `both-sides`."""
    older: bool = False
    """Whether it updates views as drafts before July 2026 said (4.2)."""

    def with_entries(self, *entries: Entry) -> History:
        """The log with more entries."""
        return replace(self, entries=(*self.entries, *entries))

    @property
    def signature_key(self) -> bytes:
        """The secret signature key."""
        return _secret(self.suite, b"signature")

    @property
    def vrf_key(self) -> bytes:
        """The secret VRF key."""
        return _secret(self.suite, b"vrf")

    def configuration(self) -> Configuration:
        """What clients are configured with."""
        return Configuration(
            self.suite.number,
            self.suite.signer(self.signature_key),
            self.suite.prover(self.vrf_key),
            self.max_ahead,
            self.max_behind,
            self.window,
            self.lifetime,
        )

    def recipe(self) -> Message:
        """The history as it is told to the log, entry by entry.

        `configuration` is what heads are signed with, `prefix_tree` of an entry is empty unless a change puts a root
        there that belongs to no tree, `forged` is empty unless a change puts lies about single lookups there.
        """
        return Message(
            signature_key=self.signature_key,
            configuration=configuration_recipe(self.configuration()),
            entry=Many([self._entry(entry) for entry in self.entries]),
            forged=Many([]),
        )

    def _entry(self, entry: Entry) -> Message:
        leaves = Many([self._leaf(inserted) for inserted in entry.inserted])
        return Message(timestamp=UInt(entry.timestamp, 8), leaf=leaves, prefix_tree=b"")

    def _leaf(self, inserted: Inserted) -> Message:
        opening = self.opening(inserted.label, inserted.version)

        def committed(get: Get) -> bytes:
            update = vector(get("value"), 4)
            return commitment(get("opening"), get("label"), int.from_bytes(get("version")[-4:], "big"), update)

        if inserted.bare:
            key = self.suite.output(self.proof(inserted.label, inserted.version))
            assert key is not None
            update = vector(inserted.value, 4)
            return Message(key=key, commitment=commitment(opening, inserted.label, inserted.version, update))
        return Message(
            label=inserted.label,
            version=UInt(inserted.version, 4),
            value=inserted.value,
            opening=opening,
            alpha=vrf_input(inserted.label, inserted.version),
            proof=lambda get: self.suite.prove(self.vrf_key, get("alpha")),
            key=lambda get: self.suite.output(get("proof")) or hashlib.sha256(get("proof")).digest(),
            commitment=committed,
        )

    def opening(self, label: bytes, version: int) -> bytes:
        """The opening of a commitment: derived from a secret, which the text allows (11.6)."""
        return hmac.digest(_secret(self.suite, b"opening"), vrf_input(label, version), "sha256")[:OPENING]

    def prove(self) -> None:
        """Make the VRF proofs of all that was inserted; they are remembered."""
        for entry in self.entries:
            for inserted in entry.inserted:
                self.suite.output(self.proof(inserted.label, inserted.version))

    def proof(self, label: bytes, version: int) -> bytes:
        """The VRF proof of a version that need not be there."""
        return self.suite.prove(self.vrf_key, vrf_input(label, version))


def _secret(suite: Suite, purpose: bytes) -> bytes:
    return hashlib.sha256(b"conformance keytrans " + purpose + suite.name.encode()).digest()


def configuration_recipe(configuration: Configuration) -> Message:
    """The configuration of a log in contact monitoring mode, of which parts can be changed."""

    def key(octets: bytes) -> Message:
        return Message(length=lambda get: UInt(len(get("octets")), 2), octets=octets)

    lifetime = configuration.maximum_lifetime
    kept: dict[str, object] = {"present": UInt(int(lifetime is not None), 1)}
    if lifetime is not None:
        kept["value"] = UInt(lifetime, 8)
    return Message(
        ciphersuite=UInt(configuration.ciphersuite, 2),
        mode=UInt(configuration.mode, 1),
        signature_public_key=key(configuration.signature_public_key),
        vrf_public_key=key(configuration.vrf_public_key),
        max_ahead=UInt(configuration.max_ahead, 8),
        max_behind=UInt(configuration.max_behind, 8),
        reasonable_monitoring_window=UInt(configuration.reasonable_monitoring_window, 8),
        maximum_lifetime=Message(kept),
    )


def forged(entry: int, version: int, form: int, up: int) -> Message:
    """A lie: in an entry a version is said to be absent, in a form, `up` nodes above the leaf where it is."""
    return Message(entry=UInt(entry, 8), version=UInt(version, 4), form=UInt(form, 1), up=UInt(up, 1))


@dataclass(frozen=True, slots=True)
class Held:
    """A leaf as the log holds it."""

    leaf: Leaf
    proof: bytes
    value: bytes
    opening: bytes


@dataclass(frozen=True, slots=True)
class View:
    """The history as it left its point, with the trees that follow from it."""

    configuration: bytes
    signature_key: bytes
    timestamps: Sequence[int]
    held: Mapping[tuple[bytes, int], Held]
    trees: Sequence[PrefixTree]
    log: LogTree
    roots: Sequence[bytes]
    forged: Mapping[tuple[int, int], tuple[int, int]]

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.timestamps)

    def greatest(self, label: bytes) -> int | None:
        """The greatest version of a label, or None."""
        return max((version for known, version in self.held if known == label), default=None)


def view_of(fields: Mapping[str, bytes]) -> View:
    """What the log makes of its history, by the octets of the history's parts; any octets are taken."""

    def number(path: str) -> int:
        return int.from_bytes(fields.get(path, b""), "big")

    tree = PrefixTree()
    timestamps: list[int] = []
    trees: list[PrefixTree] = []
    roots: list[bytes] = []
    held: dict[tuple[bytes, int], Held] = {}
    for entry in _items(fields, "entry"):
        leaves: list[Leaf] = []
        for at in _items(fields, f"{entry}.leaf"):
            leaf = Leaf(*(fields.get(f"{at}.{name}", b"")[:32].ljust(32, b"\0") for name in ("key", "commitment")))
            leaves.append(leaf)
            if f"{at}.label" in fields:
                own = (fields[f"{at}.label"], number(f"{at}.version"))
                held[own] = Held(leaf, *(fields.get(f"{at}.{name}", b"") for name in ("proof", "value", "opening")))
        tree = tree.with_leaves(leaves)
        trees.append(tree)
        roots.append(fields.get(f"{entry}.prefix_tree") or tree.root)
        timestamps.append(number(f"{entry}.timestamp") % (1 << 64))
    log = LogTree([log_leaf(timestamp, root) for timestamp, root in zip(timestamps, roots, strict=True)])
    lies = {
        (number(f"{at}.entry"), number(f"{at}.version")): (number(f"{at}.form"), number(f"{at}.up"))
        for at in _items(fields, "forged")
    }
    configuration, key = fields.get("configuration", b""), fields.get("signature_key", b"")
    return View(configuration, key, timestamps, held, trees, log, roots, lies)


def _items(fields: Mapping[str, bytes], path: str) -> Iterator[str]:
    n = 0
    while f"{path}[{n}]" in fields:
        yield f"{path}[{n}]"
        n += 1
