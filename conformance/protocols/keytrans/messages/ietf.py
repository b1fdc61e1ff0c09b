"""What a search needs of the messages of draft-ietf-keytrans-protocol: values, their octets, and strict decoders.

Vectors count elements, not octets (2.1). `Configuration` is had in all three deployment modes; heads and values are
those of contact monitoring, the one mode in which nobody else signs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from conformance.protocols.keytrans.messages.ietf_suites import OPENING, OUTPUT, SUITES, Suite
from conformance.protocols.keytrans.trees import ABSENT_LEAF, ABSENT_PARENT, HASH, INCLUSION, Leaf, PrefixProof, Result
from conformance.wire import DecodeError, Reader

REVISION = "editors' copy 2026-08-18, commit 526cc8a"
"""The revision of the draft that is read here, as the catalogue says it."""
PROFILE = "keytrans-http-test/1"
"""The test profile over HTTP in which our log serves, since the draft defines no transport."""

CONTACT_MONITORING, THIRD_PARTY_MANAGEMENT, THIRD_PARTY_AUDITING = 1, 2, 3
"""DeploymentMode (11.2)."""
SAME, UPDATED = 1, 2
"""FullTreeHeadType (11.4)."""

T = TypeVar("T")


def vector(octets: bytes, width: int) -> bytes:
    """Octets with their number in front."""
    return len(octets).to_bytes(width, "big") + octets


def optional(octets: bytes | None) -> bytes:
    """A value that may be missing (2.1.1)."""
    return b"\0" if octets is None else b"\1" + octets


def read_vector(reader: Reader, width: int, name: str) -> bytes:
    """Octets with their number in front."""
    return reader.take(reader.uint(width, f"{name}.length"), name)


def read_optional(reader: Reader, name: str, read: Callable[[], T]) -> T | None:
    """A value that may be missing; its presence is one octet, 0 or 1 (2.1.1)."""
    at = reader.at
    present = reader.uint(1, f"{name}.present")
    if present > 1:
        raise reader.fail(f"{name}.present", f"{present} where 0 or 1 is wanted", at)
    return read() if present else None


def read_list(reader: Reader, width: int, name: str, read: Callable[[str], T], least: int) -> list[T]:
    """Elements with their number in front; `least` octets are what one has at least, so that a lie is seen at once."""
    at = reader.at
    count = reader.uint(width, f"{name}.count")
    if count * least > reader.left:
        raise reader.fail(f"{name}.count", f"{count} elements cannot be in {reader.left} octets", at)
    return [read(f"{name}[{n}]") for n in range(count)]


# configuration and heads


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a log is configured to be (11.2); durations in milliseconds. Empty keys belong to other modes."""

    ciphersuite: int
    signature_public_key: bytes
    vrf_public_key: bytes
    max_ahead: int
    max_behind: int
    reasonable_monitoring_window: int
    maximum_lifetime: int | None = None
    mode: int = CONTACT_MONITORING
    leaf_public_key: bytes = b""
    max_auditor_lag: int = 0
    auditor_start_pos: int = 0
    auditor_public_key: bytes = b""

    @property
    def suite(self) -> Suite:
        """Its cipher suite; KeyError for one that is not known."""
        return SUITES[self.ciphersuite]

    def encode(self) -> bytes:
        """The octets."""
        lifetime = None if self.maximum_lifetime is None else self.maximum_lifetime.to_bytes(8, "big")
        durations = (self.max_ahead, self.max_behind, self.reasonable_monitoring_window)
        return b"".join(
            (
                self.ciphersuite.to_bytes(2, "big"),
                bytes([self.mode]),
                vector(self.signature_public_key, 2),
                vector(self.vrf_public_key, 2),
                self._of_mode(),
                *(duration.to_bytes(8, "big") for duration in durations),
                optional(lifetime),
            )
        )

    def _of_mode(self) -> bytes:
        if self.mode == THIRD_PARTY_MANAGEMENT:
            return vector(self.leaf_public_key, 2)
        if self.mode == THIRD_PARTY_AUDITING:
            numbers = self.max_auditor_lag.to_bytes(8, "big") + self.auditor_start_pos.to_bytes(8, "big")
            return numbers + vector(self.auditor_public_key, 2)
        return b""


def decode_configuration(octets: bytes) -> Configuration:
    """A configuration of any mode, in a suite that is known."""
    reader = Reader(octets, "configuration")
    number = reader.uint(2, "ciphersuite")
    if number not in SUITES:
        raise reader.fail("ciphersuite", f"{number:#06x} is not known", 0)
    mode = reader.uint(1, "mode")
    if mode not in {CONTACT_MONITORING, THIRD_PARTY_MANAGEMENT, THIRD_PARTY_AUDITING}:
        raise reader.fail("mode", f"{mode} is not known", 2)
    signature, vrf = (read_vector(reader, 2, name) for name in ("signature_public_key", "vrf_public_key"))
    leaf = read_vector(reader, 2, "leaf_public_key") if mode == THIRD_PARTY_MANAGEMENT else b""
    lag = start = 0
    auditor = b""
    if mode == THIRD_PARTY_AUDITING:
        lag, start = reader.uint(8, "max_auditor_lag"), reader.uint(8, "auditor_start_pos")
        auditor = read_vector(reader, 2, "auditor_public_key")
    ahead, behind, window = (
        reader.uint(8, name) for name in ("max_ahead", "max_behind", "reasonable_monitoring_window")
    )
    lifetime = read_optional(reader, "maximum_lifetime", lambda: reader.uint(8, "maximum_lifetime"))
    reader.end()
    return Configuration(number, signature, vrf, ahead, behind, window, lifetime, mode, leaf, lag, start, auditor)


def tree_head_tbs(configuration: bytes, tree_size: int, root: bytes) -> bytes:
    """What a tree head's signature is over (11.2)."""
    return configuration + tree_size.to_bytes(8, "big") + root


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A signed head (11.2)."""

    tree_size: int
    signature: bytes


# requests and responses


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search for a label's version, or for its greatest (13.1)."""

    label: bytes
    version: int | None = None
    last: int | None = None

    def encode(self) -> bytes:
        """The octets."""
        last = None if self.last is None else self.last.to_bytes(8, "big")
        version = None if self.version is None else self.version.to_bytes(4, "big")
        return optional(last) + vector(self.label, 1) + optional(version)


def decode_search_request(octets: bytes) -> SearchRequest:
    """The request."""
    reader = Reader(octets, "request")
    last = read_optional(reader, "last", lambda: reader.uint(8, "last"))
    label = read_vector(reader, 1, "label")
    version = read_optional(reader, "version", lambda: reader.uint(4, "version"))
    reader.end()
    return SearchRequest(label, version, last)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What is told of one version of a binary ladder: its VRF proof and, where it is not the target, its commitment."""

    proof: bytes
    commitment: bytes | None


@dataclass(frozen=True, slots=True)
class CombinedTreeProof:
    """Timestamps and prefix proofs in the order in which the algorithms ask for them (12.3)."""

    timestamps: tuple[int, ...]
    prefix_proofs: tuple[PrefixProof, ...]
    prefix_roots: tuple[bytes, ...]
    inclusion: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """The answer to a search (13.1). `head` None says that the head is the same; `version` is that which was found."""

    head: TreeHead | None
    version: int | None
    opening: bytes
    value: bytes
    binary_ladder: tuple[LadderStep, ...]
    search: CombinedTreeProof

    @property
    def update(self) -> bytes:
        """The encoded UpdateValue (11.5)."""
        return vector(self.value, 4)


def decode_search_response(octets: bytes, suite: Suite, *, fixed: bool = True) -> SearchResponse:
    """The response to a search for a version (`fixed`), or for the greatest."""
    reader = Reader(octets, "answer")
    head = read_head(reader)
    version = None if fixed else reader.uint(4, "version")
    opening, value = reader.take(OPENING, "opening"), read_vector(reader, 4, "value")
    steps = read_list(reader, 1, "binary_ladder", lambda name: _step(reader, suite, name), suite.proof_length + 1)
    search = read_combined(reader)
    reader.end()
    return SearchResponse(head, version, opening, value, tuple(steps), search)


def read_head(reader: Reader) -> TreeHead | None:
    """A FullTreeHead (11.4), without an auditor."""
    at = reader.at
    kind = reader.uint(1, "full_tree_head.head_type")
    if kind == SAME:
        return None
    if kind != UPDATED:
        raise reader.fail("full_tree_head.head_type", f"{kind} is neither same nor updated", at)
    size = reader.uint(8, "full_tree_head.tree_head.tree_size")
    return TreeHead(size, read_vector(reader, 2, "full_tree_head.tree_head.signature"))


def _step(reader: Reader, suite: Suite, name: str) -> LadderStep:
    proof = reader.take(suite.proof_length, f"{name}.proof")
    return LadderStep(
        proof, read_optional(reader, f"{name}.commitment", lambda: reader.take(HASH, f"{name}.commitment"))
    )


def read_combined(reader: Reader) -> CombinedTreeProof:
    """A CombinedTreeProof (12.3)."""
    timestamps = read_list(reader, 1, "search.timestamps", lambda name: reader.uint(8, name), 8)
    proofs = read_list(reader, 1, "search.prefix_proofs", lambda name: read_prefix_proof(reader, name), 3)
    roots = read_list(reader, 1, "search.prefix_roots", lambda name: reader.take(HASH, name), HASH)
    inclusion = read_list(reader, 2, "search.inclusion.elements", lambda name: reader.take(HASH, name), HASH)
    return CombinedTreeProof(tuple(timestamps), tuple(proofs), tuple(roots), tuple(inclusion))


def read_prefix_proof(reader: Reader, path: str) -> PrefixProof:
    """A PrefixProof (12.2)."""
    results = read_list(reader, 1, f"{path}.results", lambda name: read_result(reader, name), 2)
    elements = read_list(reader, 2, f"{path}.elements", lambda name: reader.take(HASH, name), HASH)
    return PrefixProof(tuple(results), tuple(elements))


def read_result(reader: Reader, path: str) -> Result:
    """A PrefixSearchResult (12.2)."""
    at = reader.at
    kind = reader.uint(1, f"{path}.result_type")
    if kind not in {INCLUSION, ABSENT_LEAF, ABSENT_PARENT}:
        raise reader.fail(f"{path}.result_type", f"{kind} is not known", at)
    leaf = None
    if kind == ABSENT_LEAF:
        leaf = Leaf(reader.take(OUTPUT, f"{path}.leaf.vrf_output"), reader.take(HASH, f"{path}.leaf.commitment"))
    return Result(kind, reader.uint(1, f"{path}.depth"), leaf)


__all__ = [
    "CONTACT_MONITORING", "PROFILE", "REVISION", "SAME", "THIRD_PARTY_AUDITING", "THIRD_PARTY_MANAGEMENT", "UPDATED",
    "CombinedTreeProof", "Configuration", "DecodeError", "LadderStep", "SearchRequest", "SearchResponse", "TreeHead",
    "decode_configuration", "decode_search_request", "decode_search_response", "optional", "read_combined",
    "read_head", "read_list", "read_optional", "read_prefix_proof", "read_result", "read_vector", "tree_head_tbs",
    "vector",
]  # fmt: skip
