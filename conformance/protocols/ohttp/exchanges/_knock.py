"""What can be asked of a gateway for whose KEM we have no implementation.

Honest is a fetch of its keys, and then a request that looks like one for them but is sealed by nobody: the gateway
refuses it in the open, which is `accepted` here.
"""

from __future__ import annotations

from conformance.bench import Bench
from conformance.crypto import KEMS
from conformance.model import ACCEPTED, Outcome, Part, exchange
from conformance.net import Connection
from conformance.protocols.ohttp.exchanges._gateway import PLAIN_4XX, gateway_ended, get_keys, post
from conformance.protocols.ohttp.messages import KeyEntry, decode_key_entry, decode_keys
from conformance.wire import DecodeError, Message, UInt
from conformance.wire.http import media_type

SECP256K1 = 0x0016
UNREAD = KeyEntry(1, SECP256K1, b"", ((0x0001, 0x0001),))
"""Stands for keys that cannot be read."""
ALGORITHMS = (0x0001, 0x0003)


def knock_ended(part: Part) -> Outcome:
    """How a request that nobody sealed ended; to refuse it is right."""
    ended = gateway_ended(part)
    return ACCEPTED if PLAIN_4XX.allows(ended) else ended


@exchange("ohttp.gateway", knock_ended, over={"http": (1, 2, 3)}, needs={"foreign-kem"})
async def knock(bench: Bench, live: Connection | None = None) -> Connection:
    """Keys, then a request with octets at random as encapsulated key and ciphertext."""
    connection = live or await bench.connect()
    entry = await _entry(bench, connection)
    kdf, aead = entry.algorithms[0] if entry.algorithms else ALGORITHMS
    length = KEMS[entry.kem].enc_length if entry.kem in KEMS else 64
    enc = bench.rng.randbytes(length)
    recipe = Message(
        key_id=UInt(entry.key_id, 1),
        kem=UInt(entry.kem, 2),
        kdf=UInt(kdf, 2),
        aead=UInt(aead, 2),
        enc=b"\x04" + enc[1:] if entry.kem == SECP256K1 else enc,
        ciphertext=bench.rng.randbytes(64),
    )
    answer = await (await post(bench, connection, bench.point("request", recipe).octets)).answer()
    kind = media_type(answer.fields)
    told = "nobody sealed the request"
    bench.saw("decoded", "response", status=answer.status, type=kind, opened=False, why=told, step="", profile="knock")
    return connection


async def _entry(bench: Bench, connection: Connection) -> KeyEntry:
    entry: KeyEntry | None = bench.memory.get("entry")
    if entry is None:
        answer = await get_keys(bench, connection)
        if answer.status != 200 or not answer.content:
            raise DecodeError("keys", 0, f"a fetch of the keys gave status {answer.status}")
        bench.memory["entry"] = entry = _first(answer.content)
    return entry


def _first(content: bytes) -> KeyEntry:
    """The first entry, in a collection or standing alone as before RFC 9458."""
    try:
        return decode_keys(content)[0]
    except DecodeError:
        pass
    try:
        entry = decode_key_entry(content)
    except DecodeError:
        return UNREAD
    return entry if entry.algorithms else UNREAD
