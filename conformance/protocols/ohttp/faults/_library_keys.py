"""Faults of libraries in how they read and write key configurations (RFC 9458, Section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.crypto import KEMS, Suite
from conformance.protocols.ohttp.messages import KeyEntry, decode_key_entry
from conformance.protocols.ohttp.peers import Encapsulation, KeyConfigurations
from conformance.wire import DecodeError, Reader

T = TypeVar("T", bound=type[KeyConfigurations])

NO_USABLE = "rfc9458/3.1/no-usable-config-clean-error"
MALFORMED = "rfc9458/3.2/malformed-collection-discarded-whole"
UNKNOWN_PAIRS = "rfc9458/3.1/unknown-algorithm-pairs-skipped"
EXPORT_ONLY, ONE_STAGE = "rfc9180/5.3/export-only-aead-refused", "rfc9180/7.2/one-stage-kdf-skipped"


def reader_fault(*breaks: str, shows: tuple[str, ...] = ("violation",), origin: str = "") -> Callable[[T], T]:
    """Declare a fault of whoever reads collections: of a decoder, and of a sender that chooses a key from one."""

    def register(made: T) -> T:
        fault("keyconfig.decoder", *breaks, shows=shows, origin=origin)(made)
        sender: Any = type(f"{made.__name__}InSender", (made, Encapsulation), {"__doc__": made.__doc__})
        sender.__module__ = made.__module__
        fault("ohttp.sender", *breaks, shows=shows, origin=origin)(sender)
        return made

    return register


def _split(octets: bytes) -> Iterator[bytes]:
    """The entries of a collection, unread; DecodeError when the last is cut."""
    reader = Reader(octets, "keys")
    while reader.left:
        yield reader.take(reader.uint(2, "length"), "entry")


def _known(kdf: int, aead: int) -> bool:
    return kdf in (1, 2, 3) and aead in (1, 2, 3)


# unknown things


@reader_fault(UNKNOWN_PAIRS, EXPORT_ONLY, ONE_STAGE, origin="chris-wood/ohttp-go: UnmarshalPublicConfig")
class OneUnknownAlgorithmSpoilsTheCollection(KeyConfigurations):
    """An algorithm that it does not know makes the whole collection invalid."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        entries = super().entries(octets)
        if not all(_known(*pair) for e in entries for pair in e.algorithms):
            raise DecodeError("algorithms", 0, "unknown algorithm")
        return entries


@reader_fault(UNKNOWN_PAIRS, EXPORT_ONLY, ONE_STAGE, origin="ohttp crate: KeyConfig::decode")
class OneUnknownAlgorithmDropsTheEntry(KeyConfigurations):
    """An algorithm that it does not know makes the entry one that it cannot use."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        return [e for e in super().entries(octets) if all(_known(*pair) for pair in e.algorithms)]


@reader_fault(
    "rfc9458/3.2/unknown-kem-entry-skipped",
    origin="openpcc/ohttp: KeyConfigs.UnmarshalBinary; dajiaji/hpke-js; thibmeu/ohttp-ts; netty",
)
class OneUnknownKEMSpoilsTheCollection(KeyConfigurations):
    """A KEM that it does not know makes the whole collection invalid."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        entries = super().entries(octets)
        if not all(e.kem in KEMS for e in entries):
            raise DecodeError("kem", 0, "unknown KEM")
        return entries


@reader_fault(UNKNOWN_PAIRS, EXPORT_ONLY, ONE_STAGE, origin="chris-wood/ohttp-go: only the first pair is used")
class OnlyTheFirstPair(KeyConfigurations):
    """Looks at the first pair of an entry and forgets the others."""

    def suites(self, entry: KeyEntry) -> list[Suite]:
        return super().suites(entry)[:1]


@reader_fault("rfc9458/3/supported-key-config-picked")
class ManyKeysOverflow(KeyConfigurations):
    """Has room for ten keys, and refuses a collection of more."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        entries = super().entries(octets)
        if len(entries) > 10:
            raise DecodeError("keys", 0, "too many keys")
        return entries


@reader_fault(NO_USABLE, EXPORT_ONLY, ONE_STAGE, shows=("crash",), origin="ohttp crate: ClientRequest::from_config")
class PanicsWithoutUsableKey(KeyConfigurations):
    """Takes the first key that can be used without looking whether there is one."""

    def usable(self, entries: Sequence[KeyEntry]) -> list[tuple[KeyEntry, list[Suite]]]:
        found = super().usable(entries)
        if entries:
            found[0]
        return found


@reader_fault(NO_USABLE, shows=("crash",), origin="ohttp crate: KDFs and AEADs that it names and does not do")
class PanicsOnAlgorithmsThatItLacks(KeyConfigurations):
    """Has no HKDF-SHA512, drops its pairs, and takes the first of those that are left without a look."""

    def usable(self, entries: Sequence[KeyEntry]) -> list[tuple[KeyEntry, list[Suite]]]:
        for entry in entries:
            kdfs = {kdf for kdf, _ in entry.algorithms}
            assert kdfs != {3}, "index out of range"
        return super().usable(entries)


@reader_fault("rfc9458/3.2/empty-collection-refused", shows=("crash",))
class PanicsOnAnEmptyCollection(KeyConfigurations):
    """Reads the length of the first entry without looking whether there is one."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        octets[0]
        return super().entries(octets)


# encoding errors


@reader_fault(MALFORMED, "rfc9458/3.1/empty-algorithms-refused", "rfc9458/3.1/algorithms-length-multiple-of-4")
class RecoversWhatItCan(KeyConfigurations):
    """Takes every entry that can be read and passes over those that cannot."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        found = []
        try:
            for entry in _split(octets):
                try:
                    found.append(decode_key_entry(entry))
                except DecodeError:
                    continue
        except DecodeError as why:
            if not found:
                raise DecodeError("keys", 0, "no key") from why
        return found


@reader_fault(MALFORMED, origin="dajiaji/hpke-js: no look behind the last entry")
class TrailingOctetsIgnored(KeyConfigurations):
    """What is left behind the last whole entry is nobody's."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        for n in range(min(3, len(octets))):
            try:
                return super().entries(octets[: len(octets) - n])
            except DecodeError:
                continue
        return super().entries(octets)


@reader_fault(MALFORMED, origin="openpcc/ohttp and chris-wood/ohttp-go: octets behind the algorithms")
class OctetsLeftInAnEntryIgnored(KeyConfigurations):
    """Reads an entry up to its algorithms and does not look at what follows them."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        return [_entry(entry, _pairs, whole=False) for entry in _split(octets)]


def _entry(octets: bytes, length_of: Callable[[int], int], *, whole: bool = True, public: int = 0) -> KeyEntry:
    """An entry read by a careless decoder: `length_of` says how many octets of algorithms a length means."""
    reader = Reader(octets, "entry")
    key_id, kem = reader.uint(1, "key_id"), reader.uint(2, "kem")
    if kem not in KEMS:
        return KeyEntry(key_id, kem, reader.rest(), ())
    key = (reader.take(KEMS[kem].public_length + public, "public") + bytes(2))[: KEMS[kem].public_length]
    algorithms = reader.take(length_of(reader.uint(2, "algorithms_length")), "algorithms")
    if whole:
        reader.end()
    whole_pairs = len(algorithms) // 4 * 4
    numbers = [int.from_bytes(algorithms[at : at + 2], "big") for at in range(0, whole_pairs, 2)]
    return KeyEntry(key_id, kem, key, tuple(zip(numbers[::2], numbers[1::2], strict=True)))


@reader_fault("rfc9458/3.1/empty-algorithms-refused", origin="dajiaji/hpke-js")
class EntryWithoutAlgorithmsAccepted(KeyConfigurations):
    """An entry without algorithms is one that it cannot use, and no error."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        return [e for e in map(_maybe_without, _split(octets)) if e is not None]


def _maybe_without(entry: bytes) -> KeyEntry | None:
    return None if entry[-2:] == b"\0\0" else decode_key_entry(entry)


@fault("ohttp.sender", "rfc9458/3.1/empty-algorithms-refused", shows=("crash",))
class PanicsWithoutAlgorithms(Encapsulation):
    """Takes the first pair of an entry without looking whether there is one."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        assert all(entry[-2:] != b"\0\0" for entry in _split(octets)), "index out of range"
        return super().entries(octets)


@reader_fault("rfc9458/3.1/algorithms-length-multiple-of-4")
class OctetsThatAreNoPairIgnored(KeyConfigurations):
    """Reads as many whole pairs as the algorithms have."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        return [_entry(entry, _some) for entry in _split(octets)]


def _some(length: int) -> int:
    if not length:
        raise DecodeError("algorithms_length", 0, "no algorithms")
    return length


def _pairs(length: int) -> int:
    if length % 4:
        raise DecodeError("algorithms_length", 0, "no whole pairs")
    return _some(length)


@fault("keyconfig.decoder", "rfc9458/3.1/algorithms-length-in-bytes")
class LengthCountsPairs(KeyConfigurations):
    """The length of the algorithms is taken for a number of pairs."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        return [_entry(entry, lambda length: 4 * length) for entry in _split(octets)]


@fault(
    "keyconfig.decoder", "rfc9458/3.1/algorithms-length-in-bytes", "rfc9458/3.1/algorithms-length-multiple-of-4"
)  # fmt: skip
class LengthMayCountPairs(KeyConfigurations):
    """The length of the algorithms may be a number of octets or of pairs, whichever fits."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        try:
            return super().entries(octets)
        except DecodeError:
            return [_entry(entry, lambda length: 4 * length) for entry in _split(octets)]


@fault(
    "keyconfig.decoder", MALFORMED, "rfc9458/3.1/empty-algorithms-refused", "rfc9458/3.1/public-key-length-exact",
    "rfc9458/3.1/algorithms-length-*", "rfc9458/3.2/unprefixed-collection-refused",
    "rfc9458/3.2/empty-collection-refused", shows=("crash",),
)  # fmt: skip
class PanicsOnWhatItCannotRead(KeyConfigurations):
    """Unwraps what reading a collection gives, though that may be an error."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        try:
            return super().entries(octets)
        except DecodeError as why:
            raise AssertionError(f"called unwrap on an error: {why}") from why


@reader_fault("rfc9458/3.1/public-key-length-exact")
class PublicKeyOfAnyLength(KeyConfigurations):
    """The public key is what an entry holds in front of one pair of algorithms, cut or filled up to its length."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        found = []
        for entry in _split(octets):
            kem = int.from_bytes(entry[1:3], "big")
            longer = len(entry) - (9 + KEMS[kem].public_length) if kem in KEMS else 0
            try:
                found.append(decode_key_entry(entry))
            except DecodeError:
                found.append(_entry(entry, _pairs, public=longer))
        return found


@fault("keyconfig.decoder", "rfc9458/3.1/long-algorithm-list-accepted", UNKNOWN_PAIRS)
class RoomForAHundredPairs(KeyConfigurations):
    """Refuses an entry with more pairs than it has room for."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        entries = super().entries(octets)
        if any(len(e.algorithms) > 100 for e in entries):
            raise DecodeError("algorithms", 0, "too many pairs")
        return entries


@reader_fault("rfc9458/3.1/any-key-id-accepted")
class NegativeKeyIds(KeyConfigurations):
    """Reads key ids as signed octets, and refuses the negative ones."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        entries = super().entries(octets)
        if any(e.key_id >= 0x80 for e in entries):
            raise DecodeError("key_id", 0, "negative")
        return entries


@reader_fault(
    "rfc9458/3.2/unprefixed-collection-refused",
    origin="google/quiche before 2026-07; netty: the un-prefixed form of the drafts up to -08",
)
class UnprefixedFormAccepted(KeyConfigurations):
    """Reads a single entry without its length in front, too."""

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        try:
            return super().entries(octets)
        except DecodeError:
            return [decode_key_entry(octets)]


# writing


@fault(
    "keyconfig.encoder",
    "rfc9458/3.2/collection-entries-length-prefixed",
    origin="payjoin: one entry without its length served as a collection; netty's encoder",
)
class EntryWithoutItsLength(KeyConfigurations):
    """Writes one entry without its length in front."""

    def written(self, entry: KeyEntry) -> bytes:
        return super().written(entry)[2:]


@fault("keyconfig.encoder", "rfc9458/3.1/algorithms-length-in-bytes")
class WritesTheNumberOfPairs(KeyConfigurations):
    """Writes the number of pairs where the number of their octets belongs."""

    def written(self, entry: KeyEntry) -> bytes:
        octets, at = super().written(entry), 5 + len(entry.public)
        return octets[:at] + len(entry.algorithms).to_bytes(2, "big") + octets[at + 2 :]


@fault("keyconfig.encoder", "rfc9458/3.1/key-config-layout-exact")
class AlgorithmsTurnedAround(KeyConfigurations):
    """Writes the AEAD in front of the KDF."""

    def written(self, entry: KeyEntry) -> bytes:
        return super().written(
            KeyEntry(entry.key_id, entry.kem, entry.public, tuple((a, k) for k, a in entry.algorithms))
        )


@fault("keyconfig.encoder", "rfc9458/3.1/any-key-id-accepted")
class NoKeyIdsFrom128(KeyConfigurations):
    """Key ids are signed octets to it: from 128 on it refuses."""

    def keyconfig_encode(self, key_id: int, kem: int, suites: Sequence[Sequence[int]], private_key: str = "") -> Reply:
        if key_id >= 0x80:
            return {"refused": {"class": "key-id", "detail": "out of range"}}
        return super().keyconfig_encode(key_id, kem, suites, private_key)


@fault("keyconfig.encoder", "rfc9458/3.1/key-config-layout-exact")
class PrivateKeyForgotten(KeyConfigurations):
    """Makes a new key where one was to be imported."""

    def keyconfig_encode(self, key_id: int, kem: int, suites: Sequence[Sequence[int]], private_key: str = "") -> Reply:
        del private_key
        return super().keyconfig_encode(key_id, kem, suites)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
