"""Libraries of key configurations: one collection is read, or one is written.

`accepted` of a decoder means that it reports what can be used of the entries that left, and nothing that is not there.
It may report more of an entry than a client could use, and nothing at all of what no client could.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance import crypto
from conformance.bench import Bench
from conformance.crypto import EXPORT_ONLY, KeyPair, Suite
from conformance.library import REFUSED, answered, octets_of
from conformance.model import (
    ACCEPTED,
    ANYWAY,
    WRONG,
    AdapterError,
    Outcome,
    Part,
    exchange,
)
from conformance.protocols.ohttp.messages import KeyEntry, decode_key_entry, decode_keys, key_collection
from conformance.wire import DecodeError, Message

SUITES = tuple(s.name for s in crypto.SUITES)
OVER = {"suite": SUITES}
NO_ENTRY = REFUSED.at("no entry")
"""The decoder says that it was done and reports nothing that can be used: it discarded the collection, too."""


def variant_suite(bench: Bench) -> Suite:
    """The suite of this variant."""
    return Suite.parse(bench.variant["suite"])


def lawful_keys(octets: bytes) -> Sequence[KeyEntry] | None:
    """The entries of a collection, or None where our strict decoder refuses it."""
    try:
        return decode_keys(octets)
    except DecodeError:
        return None


def give_keys(
    bench: Bench, suite: Suite, entries: int = 1, pairs: Sequence[KeyPair] = (), key_id: int = 1
) -> tuple[bytes, Sequence[KeyPair]]:
    """A collection of keys of ours for one suite, these or new ones, through the point `keys`; ids count from there."""
    pairs = pairs or [crypto.generate(suite.kem, bench.rng) for _ in range(entries)]
    offered = [KeyEntry(n, suite.kem, p.public, ((suite.kdf, suite.aead),)) for n, p in enumerate(pairs, key_id)]
    return bench.point("keys", key_collection(offered)).octets, pairs


# --- Decoders --------------------------------------------------------------------------------------------------------

_Pair = tuple[int, int, bytes, int, int]


def _said(reply: Mapping[str, Any]) -> set[_Pair]:
    """What a decoder reports that can be used: key id, KEM, public key, algorithms; AdapterError for other shapes."""
    try:
        return {
            (e["key_id"], e["kem"], bytes.fromhex(e["public_key"]), kdf, aead)
            for e in reply["ok"]["entries"]
            for kdf, aead in e["suites"]
            if _usable(e["kem"], kdf, aead)
        }
    except (KeyError, TypeError, ValueError) as why:
        raise AdapterError(f"no entries: {why!r}", step="keyconfig.decode", hint="See docs/adapter.md.") from None


def _usable(kem: int, kdf: int, aead: int) -> bool:
    known = crypto.KDFS.get(kdf)
    return (
        kem in crypto.KEMS and known is not None and not known.one_stage and aead in crypto.AEADS.keys() - {EXPORT_ONLY}
    )


def keys_read_ended(part: Part) -> Outcome:
    """How a decoder took a collection."""
    reply = answered(part, "keyconfig.decode")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    said = _said(reply)
    if not said:
        return NO_ENTRY
    sent = part.sent("keys")
    entries = lawful_keys(sent.event.octets) if sent else None
    if entries is None:
        return ANYWAY
    there = {(e.key_id, e.kem, e.public, kdf, aead) for e in entries for kdf, aead in e.algorithms}
    if not said <= there:
        return WRONG.at("it reports what is not there")
    wanted = Suite.parse(part.variant["suite"])
    missing = {p for p in there if Suite(p[1], *p[3:]) == wanted} - said
    return WRONG.at("an entry that can be used is missing") if missing else ACCEPTED


@exchange("keyconfig.decoder", keys_read_ended, over=OVER)
async def read_keys(bench: Bench, live: None = None, entries: int = 1, *, octets: bytes | None = None) -> None:
    """The library reads a collection with so many keys of ours, or these octets."""
    del live
    if octets is None:
        sent, _ = give_keys(bench, variant_suite(bench), entries)
    else:
        sent = bench.point("keys", Message(octets=octets)).octets
    reply = await bench.do("keyconfig.decode", keys=sent.hex())
    if "ok" in reply:
        _said(reply)


# --- Encoders --------------------------------------------------------------------------------------------------------


def keys_written_ended(part: Part) -> Outcome:
    """How an encoder wrote a collection."""
    reply = answered(part, "keyconfig.encode")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    return WRONG.at(keys_wrong(part)[1]) if any(keys_wrong(part)) else ACCEPTED


def keys_wrong(part: Part) -> tuple[str, str]:
    """What is wrong with a collection that an encoder wrote: requirement and what was seen; empty if nothing."""
    written, asked = part.last("decoded", "keys"), part.last("asked", "keyconfig.encode")
    if written is None or asked is None:
        return "", ""
    octets, wanted = written.octets, asked.value
    kem = crypto.KEMS[wanted["kem"]]
    try:
        entries = decode_keys(octets)
    except DecodeError as why:
        if _is_entry(octets, kem.id):
            return "rfc9458/3.2/collection-entries-length-prefixed", "an entry without its length in front"
        at = 2 + 3 + kem.public_length
        if octets[at : at + 2] == len(wanted["suites"]).to_bytes(2, "big"):
            return "rfc9458/3.1/algorithms-length-in-bytes", "the length of the algorithms counts pairs"
        return "rfc9458/3.1/key-config-layout-exact", str(why)
    pairs = sorted(tuple(p) for p in wanted["suites"])
    found = [(e.key_id, e.kem, sorted(e.algorithms)) for e in entries]
    if found != [(wanted["key_id"], wanted["kem"], pairs)]:
        return "rfc9458/3.1/key-config-layout-exact", f"it says {found}"
    private = bytes.fromhex(wanted.get("private_key", ""))
    if private and crypto.public_of(kem.id, private) != entries[0].public:
        return "rfc9458/3.1/key-config-layout-exact", "the public key is not that of the private key"
    return "", ""


def _is_entry(octets: bytes, kem: int) -> bool:
    """Whether octets are one entry with this KEM, without its length in front."""
    try:
        return decode_key_entry(octets).kem == kem
    except DecodeError:
        return False


async def make_keys(
    bench: Bench, key_id: int, suites: Sequence[Suite], private: bytes = b""
) -> tuple[bytes, Any] | None:
    """The library makes a key: its collection, and the handle; None where it does not."""
    more = {"private_key": private.hex()} if private else {}
    pairs = [[s.kdf, s.aead] for s in suites]
    reply = await bench.do("keyconfig.encode", key_id=key_id, kem=suites[0].kem, suites=pairs, **more)
    if "ok" not in reply:
        return None
    return octets_of(reply, "keys", "keyconfig.encode"), reply["ok"].get("key")


def offered_suites(bench: Bench, role: str, suite: Suite) -> Sequence[Suite]:
    """The suites that the library offers with the KEM of this one."""
    offered = map(Suite.parse, bench.subject.hello.roles[role].variants.get("suite", ()))
    return [s for s in offered if s.kem == suite.kem] or [suite]


@exchange("keyconfig.encoder", keys_written_ended, over=OVER)
async def encode_keys(
    bench: Bench, live: None = None, key_id: int = 1, *, all_suites: bool = False, private: bytes = b""
) -> None:
    """The library writes the configuration of one key: with the variant's suite, or all that it offers of that KEM."""
    del live
    suite = variant_suite(bench)
    suites = offered_suites(bench, "keyconfig.encoder", suite) if all_suites else [suite]
    made = await make_keys(bench, key_id, suites, private)
    if made is not None:
        bench.saw("decoded", "keys", octets=made[0])


__all__ = [
    "NO_ENTRY", "OVER", "SUITES", "encode_keys", "give_keys", "keys_wrong", "lawful_keys", "make_keys",
    "offered_suites", "read_keys", "variant_suite",
]  # fmt: skip
