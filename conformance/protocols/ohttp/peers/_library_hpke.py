"""The reference library of key configurations and encapsulation (RFC 9458, Sections 3 and 4).

It answers as an adapter does. Every step is a method, so that a fault replaces one of them; HPKE itself is in `_hpke`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from conformance import crypto
from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto import AEADS, EXPORT_ONLY, KEMS, HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.messages import (
    REQUEST_LABEL,
    RESPONSE_LABEL,
    GatewayKey,
    KeyEntry,
    Refused,
    RequestHeader,
    choose_key,
    decode_keys,
    key_collection,
    read_header,
    response_keys,
)
from conformance.protocols.ohttp.peers._hpke import HPKE, SUITES, Context, pair_of, refused
from conformance.wire import DecodeError, Reader

T = TypeVar("T")


class _Kept(Generic[T]):
    """What handles name."""

    def __init__(self) -> None:
        self._things: dict[int, T] = {}
        self._last = 0

    def keep(self, thing: T) -> int:
        """The handle of a thing."""
        self._last += 1
        self._things[self._last] = thing
        return self._last

    def __getitem__(self, handle: int) -> T:
        return self._things[handle]

    def all(self) -> list[T]:
        """All that is kept."""
        return list(self._things.values())

    def pop(self, handle: int) -> T:
        """The thing, for the last time."""
        return self._things.pop(handle)


class KeyConfigurations:
    """Reads and writes collections of key configurations (RFC 9458, Section 3)."""

    def __init__(self) -> None:
        self.rng = random.Random(9458)
        self.keys: _Kept[GatewayKey] = _Kept()

    def hello(self) -> Hello:
        """What it is."""
        suites = {"suite": SUITES}
        return Hello(
            "reference key configurations",
            language="python",
            roles={
                "keyconfig.decoder": RoleOffer(variants=suites),
                "keyconfig.encoder": RoleOffer(("private-key",), suites),
            },
            operations=("keyconfig.decode", "keyconfig.encode"),
        )

    def keyconfig_decode(self, keys: str) -> Reply:
        """The entries that a client could use, with the algorithms that it could use."""
        try:
            usable = self.usable(self.entries(bytes.fromhex(keys)))
        except DecodeError as why:
            return refused("keys", why)
        entries = [
            {
                "key_id": e.key_id,
                "kem": e.kem,
                "public_key": e.public.hex(),
                "suites": [[s.kdf, s.aead] for s in suites],
            }
            for e, suites in usable
        ]
        return {"ok": {"entries": entries}}

    def entries(self, octets: bytes) -> Sequence[KeyEntry]:
        """All entries of a collection; DecodeError where anything in it is wrong (3.2)."""
        return decode_keys(octets)

    def usable(self, entries: Sequence[KeyEntry]) -> list[tuple[KeyEntry, list[Suite]]]:
        """The entries with a suite that can be used, and those suites."""
        found = [(e, [s for s in self.suites(e) if self.can_use(s)]) for e in entries]
        return [(e, suites) for e, suites in found if suites]

    def suites(self, entry: KeyEntry) -> list[Suite]:
        """The pairs of an entry as suites, in their order: those that are listed and no others (3.1)."""
        return [Suite(entry.kem, kdf, aead) for kdf, aead in entry.algorithms]

    def can_use(self, suite: Suite) -> bool:
        """Whether a request can be sealed with a suite: not with one-stage KDFs nor with the export-only AEAD."""
        return suite.implemented and suite.aead != EXPORT_ONLY

    def keyconfig_encode(self, key_id: int, kem: int, suites: Sequence[Sequence[int]], private_key: str = "") -> Reply:
        """A collection of one entry, and the key that belongs to it."""
        if not suites or not all(Suite(kem, *pair).implemented for pair in suites):
            return refused("suite", HPKEError("no key can be made for these algorithms"))
        try:
            pair = pair_of(kem, bytes.fromhex(private_key), self.rng)
        except HPKEError as why:
            return refused("key", why)
        entry = KeyEntry(key_id, kem, pair.public, tuple((kdf, aead) for kdf, aead in suites))
        handle = self.keys.keep(GatewayKey(entry, pair.private))
        return {"ok": {"keys": self.written(entry).hex(), "key": handle}}

    def written(self, entry: KeyEntry) -> bytes:
        """The collection of an entry."""
        return key_collection([entry]).encode()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What both sides keep of a request: its suite, its encapsulated key and its HPKE context."""

    suite: Suite
    enc: bytes
    context: Context


class Encapsulation(KeyConfigurations):
    """Both sides of encapsulation (RFC 9458, Section 4)."""

    hpke: ClassVar[type[HPKE]] = HPKE
    request_label: ClassVar[bytes] = REQUEST_LABEL
    response_label: ClassVar[bytes] = RESPONSE_LABEL

    def __init__(self) -> None:
        super().__init__()
        self.algorithms = self.hpke()
        self.sent: _Kept[Exchange] = _Kept()
        self.received: _Kept[Exchange] = _Kept()

    def hello(self) -> Hello:
        """What it is."""
        suites = {"suite": SUITES}
        return Hello(
            "reference encapsulation",
            language="python",
            roles={
                "ohttp.sender": RoleOffer(("ephemeral",), suites),
                "ohttp.receiver": RoleOffer(("private-key", "nonce"), suites),
            },
            operations=(
                "keyconfig.encode", "ohttp.request.encapsulate", "ohttp.request.decapsulate",
                "ohttp.response.encapsulate", "ohttp.response.decapsulate",
            ),
        )  # fmt: skip

    # requests

    def ohttp_request_encapsulate(self, keys: str, request: str, ephemeral: str = "") -> Reply:
        """Seal a request for one of the keys."""
        try:
            usable = self.usable(self.entries(bytes.fromhex(keys)))
            octets, exchange = self.sealed(usable, bytes.fromhex(request), bytes.fromhex(ephemeral))
        except (DecodeError, HPKEError, Refused) as why:
            return refused("request", why)
        return {"ok": {"request": octets.hex(), "context": self.sent.keep(exchange)}}

    def sealed(
        self, usable: Sequence[tuple[KeyEntry, list[Suite]]], request: bytes, ephemeral: bytes = b""
    ) -> tuple[bytes, Exchange]:
        """An encapsulated request, and what its response needs (4.3)."""
        entry, suite = self.choose(usable)
        pair = self.ephemeral(suite.kem, ephemeral)
        header = self.header(entry, suite)
        enc, context = self.algorithms.setup_sender(suite, entry.public, self.info(header), pair)
        return header + enc + self.seal(context, header, request), Exchange(suite, enc, context)

    def choose(self, usable: Sequence[tuple[KeyEntry, list[Suite]]]) -> tuple[KeyEntry, Suite]:
        """The key and suite of a request: the first that can be used; Refused when there is none."""
        for entry, suites in usable:
            return entry, suites[0]
        raise Refused("key", "no key can be used")

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        """The ephemeral key pair: a new one for every request (6.1), unless one is given."""
        return pair_of(kem, private, self.rng)

    def header(self, entry: KeyEntry, suite: Suite) -> bytes:
        """The seven octets in front."""
        return bytes([entry.key_id]) + b"".join(n.to_bytes(2, "big") for n in (suite.kem, suite.kdf, suite.aead))

    def info(self, header: bytes) -> bytes:
        """The info of the HPKE context (4.3)."""
        return self.request_label + b"\0" + header

    def seal(self, context: Context, header: bytes, request: bytes) -> bytes:
        """The sealed request: the first message, without associated data."""
        del header
        return self.algorithms.seal(context, request, b"")

    def ohttp_request_decapsulate(self, key: int, request: str) -> Reply:
        """Open a request for that key."""
        try:
            plaintext, exchange = self.opened(bytes.fromhex(request), self.keys[key])
        except (DecodeError, HPKEError, Refused) as why:
            return refused("request", why)
        return {"ok": {"request": plaintext.hex(), "context": self.received.keep(exchange)}}

    def opened(self, octets: bytes, key: GatewayKey) -> tuple[bytes, Exchange]:
        """The plaintext of a request and what its response needs (4.3)."""
        reader = Reader(octets, "request")
        header = read_header(reader)
        self.check(header, key)
        enc = reader.take(KEMS[header.suite.kem].enc_length, "enc")
        context = self.algorithms.setup_recipient(header.suite, enc, key.private, self.info(header.octets))
        return self.open(context, reader.rest()), Exchange(header.suite, enc, context)

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        """Whether the key is meant, with algorithms that it is offered with; Refused otherwise."""
        choose_key(header, [key])

    def open(self, context: Context, ciphertext: bytes) -> bytes:
        """The request: the first message, without associated data."""
        return self.algorithms.open(context, ciphertext, b"")

    # responses

    def ohttp_response_encapsulate(self, context: int, response: str, nonce: str = "") -> Reply:
        """Seal the response to a request."""
        exchange = self.received.pop(context)
        fresh = bytes.fromhex(nonce) or self.nonce(exchange.suite)
        key, aead_nonce = self.response_keys(exchange, fresh)
        aad = self.response_aad(fresh)
        sealed = crypto.aead_seal(exchange.suite.aead, key, aead_nonce, bytes.fromhex(response), aad)
        return {"ok": {"response": (fresh + sealed).hex()}}

    def nonce(self, suite: Suite) -> bytes:
        """A new response nonce."""
        return self.rng.randbytes(self.nonce_length(suite))

    def ohttp_response_decapsulate(self, context: int, response: str) -> Reply:
        """Open the response to a request."""
        exchange = self.sent.pop(context)
        try:
            plaintext = self.response_opened(bytes.fromhex(response), exchange)
        except (DecodeError, HPKEError) as why:
            return refused("response", why)
        return {"ok": {"response": plaintext.hex()}}

    def response_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        """The plaintext of a response (4.4)."""
        nonce, ciphertext = self.parsed(octets, exchange.suite)
        key, aead_nonce = self.response_keys(exchange, nonce)
        return self.open_response(exchange.suite, key, aead_nonce, ciphertext, self.response_aad(nonce))

    def parsed(self, octets: bytes, suite: Suite) -> tuple[bytes, bytes]:
        """The nonce and the ciphertext of a response; DecodeError when it is too short (4.2)."""
        reader = Reader(octets, "response")
        return reader.take(self.nonce_length(suite), "nonce"), reader.rest()

    def open_response(self, suite: Suite, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext of a response."""
        return crypto.aead_open(suite.aead, key, nonce, ciphertext, aad)

    def nonce_length(self, suite: Suite) -> int:
        """max(Nn, Nk) (4.2)."""
        aead = AEADS[suite.aead]
        return max(aead.nonce_length, aead.key_length)

    def response_keys(self, exchange: Exchange, nonce: bytes) -> tuple[bytes, bytes]:
        """Key and nonce of the AEAD (4.4)."""
        salt = self.salt(exchange.enc, nonce)
        return self.derived(exchange.suite, self.secret(exchange), salt)

    def secret(self, exchange: Exchange) -> bytes:
        """The secret exported for the response, as long as the nonce."""
        return self.algorithms.export(exchange.context, self.response_label, self.nonce_length(exchange.suite))

    def salt(self, enc: bytes, nonce: bytes) -> bytes:
        """The salt of Extract."""
        return enc + nonce

    def derived(self, suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
        """Extract and Expand without labels of HPKE."""
        return response_keys(suite, secret, salt)

    def response_aad(self, nonce: bytes) -> bytes:
        """The associated data of a response: none."""
        del nonce
        return b""
