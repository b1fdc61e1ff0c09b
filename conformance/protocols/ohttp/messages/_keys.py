"""Key configurations (RFC 9458, Section 3).

key_entry    = length (2), key id (1), KEM id (2), public key (Npk), algorithms length (2), (KDF id (2), AEAD id (2))+
collection   = key_entry+        media type application/ohttp-keys, each entry with its length in front (3.2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.crypto import KEMS, Suite
from conformance.wire import DecodeError, Many, Message, Reader, UInt

KEYS_TYPE = "application/ohttp-keys"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key configuration. Of a KEM that we do not know, `public` holds all that follows the KEM id."""

    key_id: int
    kem: int
    public: bytes
    algorithms: tuple[tuple[int, int], ...]

    @property
    def suites(self) -> tuple[Suite, ...]:
        """The suites of the entry that we implement, in its order."""
        offered = (Suite(self.kem, kdf, aead) for kdf, aead in self.algorithms)
        return tuple(s for s in offered if s.implemented)


def key_entry(
    key_id: int, kem: int, public: bytes, algorithms: Iterable[tuple[int, int]] = ((0x0001, 0x0001),)
) -> Message:
    """One entry of a collection, with its length in front."""
    return Message(
        length=lambda get: UInt(len(get("entry")), 2),
        entry=Message(
            key_id=UInt(key_id, 1),
            kem=UInt(kem, 2),
            public=public,
            algorithms_length=lambda get: UInt(len(get("algorithms")), 2),
            algorithms=Many(Message(kdf=UInt(kdf, 2), aead=UInt(aead, 2)) for kdf, aead in algorithms),
        ),
    )


def key_collection(entries: Sequence[KeyEntry]) -> Message:
    """A collection: the content of `application/ohttp-keys`."""
    return Message(entry=Many(key_entry(e.key_id, e.kem, e.public, e.algorithms) for e in entries))


def decode_keys(data: bytes) -> tuple[KeyEntry, ...]:
    """Read a collection strictly; DecodeError for any other octets, an empty collection included (3.2)."""
    reader = Reader(data, "keys")
    if not data:
        raise reader.fail("", "a collection has at least one entry")
    entries: list[KeyEntry] = []
    while reader.left:
        n = len(entries)
        length = reader.uint(2, f"entry[{n}].length")
        entries.append(_decode_entry(reader.sub(length, f"entry[{n}]")))
    return tuple(entries)


def decode_key_entry(data: bytes) -> KeyEntry:
    """Read one entry that has no length in front, as RFC 9458, Appendix A shows it."""
    return _decode_entry(Reader(data, "entry"))


def _decode_entry(reader: Reader) -> KeyEntry:
    key_id = reader.uint(1, "key_id")
    kem = reader.uint(2, "kem")
    known = KEMS.get(kem)
    if known is None:
        return KeyEntry(key_id, kem, reader.rest(), ())
    public = reader.take(known.public_length, "public")
    at = reader.at
    algorithms = reader.sub(reader.uint(2, "algorithms_length"), "algorithms")
    if not algorithms.left or algorithms.left % 4:
        raise reader.fail("algorithms_length", f"{algorithms.left} is no positive multiple of 4", at)
    pairs = []
    while algorithms.left:
        pairs.append((algorithms.uint(2, "kdf"), algorithms.uint(2, "aead")))
    reader.end()
    return KeyEntry(key_id, kem, public, tuple(pairs))


__all__ = ["KEYS_TYPE", "DecodeError", "KeyEntry", "decode_key_entry", "decode_keys", "key_collection", "key_entry"]
