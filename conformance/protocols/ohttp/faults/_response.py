"""Faults of gateways in making encapsulated responses, and with copies of requests (RFC 9458, Sections 4.4 and 6.5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from conformance import crypto
from conformance.bench import Fault, RoleOffer, faults_of
from conformance.crypto import AEADS, Suite
from conformance.model import Change
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import RESPONSE_TYPE, Line, ResponseContext, response_nonce_length
from conformance.protocols.ohttp.peers import Gateway
from conformance.protocols.ohttp.peers._gateway import SUITES
from conformance.wire import Message, Sealed

LONG_KEY = {"suite": ["0020/0001/0002"]}
"""Where Nk is 32 octets."""


# The steps of Section 4.4


@gateway_fault("rfc9458/4.2/response-nonce-length-exact", where=LONG_KEY)
class NonceOfSixteenOctets(Gateway):
    """Makes every response nonce as long as the commonest suite wants it."""

    def nonce(self, context: ResponseContext) -> bytes:
        return super().nonce(context)[:16]


class _Secret(Gateway):
    """A gateway that has another secret. No fault by itself."""

    def secret(self, context: ResponseContext) -> bytes:
        raise NotImplementedError

    def sealed(self, context: ResponseContext, content: Message) -> Message:
        made = super().sealed(context, content)
        made.parts["secret"] = Sealed(self.secret(context))
        return made


@gateway_fault("rfc9458/4.4/response-secret-export-exact", where=LONG_KEY)
class SecretOfSixteenOctets(_Secret):
    """Exports sixteen octets, whatever the key's length."""

    def secret(self, context: ResponseContext) -> bytes:
        return context.recipient.export(b"message/bhttp response", 16)


@gateway_fault("rfc9458/4.4/response-secret-export-exact", origin="netty-incubator-codec-ohttp: CVE-2026-41207")
class SecretOfZeros(_Secret):
    """Does not see that the export failed, and goes on with a secret of zeros."""

    def secret(self, context: ResponseContext) -> bytes:
        return bytes(response_nonce_length(context.suite))


@gateway_fault("rfc9458/4.4/response-secret-export-exact")
class SecretOfChunkedResponses(Gateway):
    """Exports under the label of chunked responses."""

    changes = (Change("response", "label", "put", (b"message/bhttp chunked response",)),)


@gateway_fault("rfc9458/4.4/response-aad-empty")
class AssociatedDataOfTheLastChunk(Gateway):
    """Seals the response as it would seal the last of several chunks."""

    changes = (Change("response", "aad", "put", (b"final",)),)


@gateway_fault("rfc9458/4.4/response-salt-enc-then-nonce")
class SaltTheOtherWayRound(Gateway):
    """Puts the nonce in front of the encapsulated key."""

    def sealed(self, context: ResponseContext, content: Message) -> Message:
        made = super().sealed(context, content)
        made.parts["salt"] = Sealed(lambda get: get("nonce") + context.enc)
        return made


@gateway_fault("rfc9458/4.4/response-kdf-unlabelled")
class LabelledKeys(Gateway):
    """Derives key and nonce with the functions of HPKE, which label what they derive."""

    def sealed(self, context: ResponseContext, content: Message) -> Message:
        made = super().sealed(context, content)

        def seal(get: Callable[[str], bytes]) -> bytes:
            key, nonce = _labelled_keys(context.suite, get("secret"), get("salt"))
            return crypto.aead_seal(context.suite.aead, key, nonce, get("content"), get("aad"))

        made.parts["ciphertext"] = seal
        return made


def _labelled_keys(suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    suite_id = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (suite.kem, suite.kdf, suite.aead))
    prk = crypto.extract(suite.kdf, salt, b"HPKE-v1" + suite_id + b"secret" + secret)

    def expand(label: bytes, length: int) -> bytes:
        return crypto.expand(suite.kdf, prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label, length)

    aead = AEADS[suite.aead]
    return expand(b"key", aead.key_length), expand(b"nonce", aead.nonce_length)


# Nonces and replay


@gateway_fault("rfc9458/4.4/response-nonce-never-reused", "rfc9458/6.5/replay-gets-fresh-nonce")
class OneNonceForAll(Gateway):
    """Makes one response nonce when it starts."""

    def nonce(self, context: ResponseContext) -> bytes:
        return hashlib.shake_128(self.keys[0].private).digest(response_nonce_length(context.suite))


@gateway_fault("rfc9458/6.5/replay-gets-fresh-nonce")
class NonceOfTheRequest(Gateway):
    """Derives the response nonce from the request, so that a copy gets the same once more."""

    def nonce(self, context: ResponseContext) -> bytes:
        return hashlib.shake_128(context.enc).digest(response_nonce_length(context.suite))


@gateway_fault("rfc9458/6.5/replay-rejected-or-harmless", "rfc9458/6.5/enc-usable-as-replay-key")
class InternalErrorForReplay(Gateway):
    """Keeps the encapsulated keys in a table that takes none twice, and has no words for the second."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: set[bytes] = set()

    async def encapsulated(self, exchange: ServerExchange) -> None:
        head = exchange.request.content[:39]
        if head in self.seen:
            await self.plain(exchange, 500, "duplicate key")
            return
        await super().encapsulated(exchange)

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        opened = super().decapsulate(content)
        self.seen.add(content[:39])
        return opened


@gateway_fault("rfc9458/6.5/replay-rejected-or-harmless")
class ReplayProtectionInNameOnly(Gateway):
    """Says that it protects against replay, and remembers nothing."""

    offers = RoleOffer(("replay-protection",), {"http": (1, 2), "suite": SUITES})


# What it is called


@gateway_fault(
    "rfc9458/4.5/response-media-type-exact",
    "rfc9458/9/registered-media-types-used",
    origin="payjoin-mailroom: the response lacks message/ohttp-res",
)
class ResponseWithoutItsType(Gateway):
    """Calls encapsulated responses octets and no more."""

    async def send(self, exchange: ServerExchange, status: int, fields: Sequence[Line], content: bytes) -> None:
        plain = [(n, b"application/octet-stream" if v == RESPONSE_TYPE.encode() else v) for n, v in fields]
        await super().send(exchange, status, plain, content)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
