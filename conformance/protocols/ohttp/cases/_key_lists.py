"""Collections of key configurations that are unusual or wrong, for whoever reads them: as changes at the point `keys`.

The honest collection has one key with one pair of algorithms; with `given(entries=2)` it has two.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.cases import cut, drop, extend, flip, given, insert, octets, put
from conformance.model import Change
from conformance.protocols.ohttp.messages import key_entry
from conformance.wire import Message, UInt

UNKNOWN_KEM = 0xFFFE
Changes = tuple[Change, ...] | Change


def pair(kdf: int, aead: int) -> Message:
    """A pair of algorithms."""
    return Message(kdf=UInt(kdf, 2), aead=UInt(aead, 2))


def _listed(at: int, kdf: int, aead: int) -> Change:
    return insert("keys.entry[0].entry.algorithms", at, pair(kdf, aead))


def _only(kdf: int, aead: int) -> Change:
    return put("keys.entry[0].entry.algorithms[0]", pair(kdf, aead))


_STRANGE = key_entry(7, UNKNOWN_KEM, octets(50))

UNKNOWN_KEMS: Mapping[str, Changes] = {
    "first": insert("keys.entry", 0, _STRANGE),
    "last": insert("keys.entry", -1, _STRANGE),
    "first and last": (insert("keys.entry", 0, _STRANGE), insert("keys.entry", -1, _STRANGE)),
    "the reserved number": insert("keys.entry", 0, key_entry(7, 0, octets(32))),
    "a key of 1216 octets": insert("keys.entry", 0, key_entry(7, UNKNOWN_KEM, octets(1216))),
    "a key of 60000 octets": insert("keys.entry", 0, key_entry(7, UNKNOWN_KEM, octets(60_000))),
}
"""An entry whose KEM nobody knows beside one that can be used."""

UNKNOWN_PAIRS: Mapping[str, Changes] = {
    "unknown KDF and AEAD first": _listed(0, 0x7777, 0x7777),
    "unknown KDF first": _listed(0, 0x7777, 0x0001),
    "unknown AEAD first": _listed(0, 0x0001, 0x7777),
    "unknown KDF and AEAD last": _listed(-1, 0x7777, 0x7777),
}
"""A pair that nobody knows beside one that can be used."""

EXPORT_ONLY_PAIRS: Mapping[str, Changes] = {"first": _listed(0, 0x0001, 0xFFFF), "last": _listed(-1, 0x0001, 0xFFFF)}
"""The AEAD that seals nothing beside a pair that can be used."""

ONE_STAGE_PAIRS: Mapping[str, Changes] = {
    "SHAKE128 first": _listed(0, 0x0010, 0x0001),
    "TurboSHAKE256 first": _listed(0, 0x0013, 0x0001),
    "SHAKE256 last": _listed(-1, 0x0011, 0x0001),
}
"""A KDF without Extract and Expand, which the response would need, beside a pair that can be used."""

NOTHING_USABLE: Mapping[str, Changes] = {
    "only an unknown KEM": put("keys.entry[0].entry.kem", UNKNOWN_KEM),
    "only unknown algorithms": _only(0x7777, 0x7777),
    "only an unknown KDF": _only(0x7777, 0x0001),
    "only an unknown AEAD": _only(0x0001, 0x7777),
}
"""Well-formed, and nobody can use any of it."""

_ALONE: Mapping[str, Changes] = {
    "one octet behind the last entry": extend("keys", b"\0"),
    "an entry of no octets behind the last": extend("keys", b"\0\0"),
    "the last octet is missing": cut("keys", 1),
    "one octet": put("keys", b"\0"),
    "two entries, the second without its last octet": (given(entries=2), cut("keys", 1)),
}
_OF_TWO: Mapping[str, Changes] = {
    f"{which}, {told}": (given(entries=2), change)
    for at, which in ((0, "the first of two"), (1, "the second of two"))
    for told, change in {
        "length past the end": put(f"keys.entry[{at}].length", 0xFFFF),
        "length one off": flip(f"keys.entry[{at}].length", -1),
        "an octet behind its algorithms": extend(f"keys.entry[{at}].entry", b"\0"),
        "its algorithms past its end": put(f"keys.entry[{at}].entry.algorithms_length", 0xFFFC),
    }.items()
}
MALFORMED: Mapping[str, Changes] = {**_ALONE, **_OF_TWO}
"""Encoding errors, each in a collection that holds a key which could be recovered."""

NO_ALGORITHMS: Mapping[str, Changes] = {
    f"the {which} of two": (given(entries=2), drop(f"keys.entry[{at}].entry.algorithms[0]"))
    for at, which in ((0, "first"), (1, "second"))
}

ODD_LENGTHS: Mapping[str, Changes] = {
    f"{length} octets": (given(entries=2), change)
    for length, change in {
        2: cut("keys.entry[1].entry.algorithms", 2),
        5: extend("keys.entry[1].entry.algorithms", b"\0"),
        6: extend("keys.entry[1].entry.algorithms", b"\0\1"),
        7: extend("keys.entry[1].entry.algorithms", b"\0\1\0"),
    }.items()
}

PUBLIC_LENGTHS: Mapping[str, Changes] = {
    "one octet short": cut("keys.entry[0].entry.public", 1),
    "one octet long": extend("keys.entry[0].entry.public", b"\xff"),
    "missing": drop("keys.entry[0].entry.public"),
}

UNPREFIXED = drop("keys.entry[0].length")
EMPTY = drop("keys.entry[0]")
"""A collection without entries: no octets."""
