"""Vectors of key configurations: invalid collections by one change each (RFC 9458, Section 3)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from conformance import crypto
from conformance.deriving import File, file_of
from conformance.model import Change
from conformance.protocols.ohttp.messages import KeyEntry, decode_keys, key_collection
from conformance.protocols.ohttp.vectors._file import Row, Twin, vectors_of
from conformance.wire import DecodeError

SEED = 9458
PREFIX = "ohttp/rfc9458-keys"
X25519, P256 = 0x0020, 0x0010
WHOLE = "rfc9458/3.2/malformed-collection-discarded-whole"
LAYOUT = ("rfc9458/3.1/key-config-layout-exact", "rfc9458/3.2/collection-entries-length-prefixed")


def said(collection: bytes) -> dict[str, Any]:
    """What a collection says of the KEMs that have a size here, as the schema of the kind has it."""
    return {
        "entries": [
            {"key_id": e.key_id, "kem": e.kem, "public_key": e.public.hex(), "suites": [list(p) for p in e.algorithms]}
            for e in decode_keys(collection)
            if e.kem in crypto.KEMS
        ]
    }


def _twins() -> dict[str, Twin]:
    rng = random.Random(SEED)
    x25519 = KeyEntry(1, X25519, crypto.generate(X25519, rng).public, ((1, 1), (1, 3)))
    p256 = KeyEntry(255, P256, crypto.generate(P256, rng).public, ((1, 1),))
    table = {
        "one-key": ([x25519], "one key for X25519 with two pairs", LAYOUT),
        "p256-key": ([p256], "one key for P-256 with one pair", LAYOUT),
        "two-keys": ([x25519, p256], "keys for X25519 and P-256", LAYOUT),
    }
    return {
        name: Twin(name, recipe := key_collection(entries), about, requirements, said(recipe.encode()))
        for name, (entries, about, requirements) in table.items()
    }


def _rows(twins: dict[str, Twin]) -> Iterator[Row]:
    one, p256, two = twins["one-key"], twins["p256-key"], twins["two-keys"]
    entry = "entry[0].entry"
    yield _row(one, "empty", "nothing is there", _cut(one, 0), "rfc9458/3.2/empty-collection-refused", "truncated")
    yield _row(
        one,
        "without prefix",
        "the entry has no length in front",
        Change("", "entry[0].length", "drop"),
        "rfc9458/3.2/unprefixed-collection-refused",
        "length",
        "truncated",
        "trailing",
    )
    for n, length in (
        (0, "empty"),
        (2, "multiple-of-4"),
        (5, "multiple-of-4"),
        (6, "multiple-of-4"),
        (7, "multiple-of-4"),
    ):
        rule = "empty-algorithms-refused" if length == "empty" else "algorithms-length-multiple-of-4"
        yield _row(
            one,
            f"algorithms of {n} octets",
            f"the list of algorithms has {n} octets, and says so",
            Change("", f"{entry}.algorithms", "put", (one.recipe.build().fields[f"{entry}.algorithms"][:n],)),
            f"rfc9458/3.1/{rule}",
            "length",
        )
        yield _row(
            one,
            f"algorithms length {n}",
            f"the length of the algorithms is {n} instead of 8",
            Change("", f"{entry}.algorithms_length", "put", (n,)),
            f"rfc9458/3.1/{rule}",
            "length",
            "trailing",
        )
    yield _row(
        p256,
        "algorithms in pairs",
        "the length of the algorithms counts pairs",
        Change("", f"{entry}.algorithms_length", "put", (1,)),
        "rfc9458/3.1/algorithms-length-in-bytes",
        "length",
    )
    for label, n in (("4", 4), ("12", 12), ("65535", 0xFFFF)):
        yield _row(
            one,
            f"algorithms length {label}",
            f"the length of the algorithms is {label} instead of 8",
            Change("", f"{entry}.algorithms_length", "put", (n,)),
            WHOLE,
            "length",
            "truncated",
            "trailing",
        )
    for twin, sizes in ((one, (31, 33, 0)), (p256, (33, 64, 66))):
        for size in sizes:
            key = (twin.recipe.build().fields[f"{entry}.public"] + bytes(2))[:size]
            yield _row(
                twin,
                f"key of {size} octets",
                f"the public key has {size} octets",
                Change("", f"{entry}.public", "put", (key,)),
                "rfc9458/3.1/public-key-length-exact",
                "length",
                "truncated",
            )
    for twin, at in ((one, 0), (two, 0), (two, 1)):
        right = int.from_bytes(twin.recipe.build().fields[f"entry[{at}].length"], "big")
        for wrong in (0, right - 4, right - 1, right + 1, right + 4, 0xFFFF):
            yield _row(
                twin,
                f"prefix {at} {wrong}",
                f"the length in front of entry {at} is {wrong} instead of {right}",
                Change("", f"entry[{at}].length", "put", (wrong,)),
                WHOLE,
                "length",
                "truncated",
                "trailing",
            )
    for twin in (one, two):
        for label, octets in (("one octet", b"\0"), ("two octets", b"\0\0"), ("half an entry", b"\0\x29\1\0\x20")):
            yield _row(
                twin,
                f"trailing {label}",
                f"{label} of another entry follow",
                Change("", "", "extend", (octets,)),
                WHOLE,
                "truncated",
                "trailing",
            )
        yield _row(
            twin,
            "octet within the entry",
            "an octet follows the algorithms within the first entry",
            Change("", entry, "extend", (b"\0",)),
            WHOLE,
            "trailing",
            "length",
        )
    for twin in (one, two):
        octets = twin.recipe.encode()
        for n in range(1, len(octets)):
            if not _lawful(octets[:n]):
                yield _row(
                    twin, f"cut to {n}", f"only the first {n} octets are there", _cut(twin, n), WHOLE, "truncated"
                )


def _row(twin: Twin, label: str, change: str, made: Change, requirement: str, *refusal: str) -> Row:
    requirements = [requirement] if requirement == WHOLE else [requirement, WHOLE]
    return Row(twin, label, change, [made], requirements, refusal)


def _cut(twin: Twin, left: int) -> Change:
    return Change("", "", "cut", (len(twin.recipe.encode()) - left,))


def _lawful(octets: bytes) -> bool:
    try:
        decode_keys(octets)
    except DecodeError:
        return False
    return True


def negative() -> File:
    """Invalid collections and their valid twins."""
    twins = _twins()
    source = "Invalid collections of key configurations, each made by one change of a valid one"
    vectors = vectors_of(PREFIX, "keys", twins.values(), _rows(twins))
    return file_of("ohttp.keys", "rfc9458", "3", source, vectors, protocol="ohttp", seed=SEED)
