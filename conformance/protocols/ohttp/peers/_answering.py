"""The gateway that clients meet: relay, gateway and target at once, so that all that a client sees is ours.

It takes what it can read, even where that breaks a rule, and records it: watches judge what a client sends, while its
cases are about what the client makes of what it gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from conformance import crypto
from conformance.bench import Served, record_request
from conformance.crypto import HPKEError, Suite
from conformance.model import Span
from conformance.net import ServerExchange
from conformance.protocols.ohttp.messages import (
    RESPONSE_LABEL,
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    GatewayKey,
    KeyEntry,
    Line,
    Refused,
    ResponseContext,
    bhttp_response,
    lawful_response,
    message_json,
    response_keys,
    response_nonce_length,
)
from conformance.protocols.ohttp.peers._gateway import WELL_KNOWN, Gateway
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, media_type, response


class AnsweringGateway(Gateway):
    """A gateway that asks no target.

    Options: `suite`, which its keys are for, `also`, with which further pairs of KDF and AEAD; `entries`, how many
    there are, `first_key_id`, the first of their ids; `answer`, the response (a `BinaryResponse`, or None: what the
    client sent comes back); `known`, its framing; `hand_over`, whether the keys are given to the
    client in place of being fetched, which makes them part of `Served.more`.

    Points: `keys` (the collection), `keys-answer` (the HTTP response with it), `response` (with its sealed content),
    `outer` (the HTTP response with it).
    """

    role: ClassVar[str] = "ohttp.gateway"

    async def start(self) -> Served:
        """Begin to serve on loopback."""
        served = await super().start()
        if not self.options.get("hand_over"):
            return served
        return Served(served.url, {"collection": self.bench.point("keys", self.collection()).octets.hex()})

    def make_keys(self) -> list[GatewayKey]:
        """As many keys as are wanted, all for one suite."""
        suite = Suite.parse(self.options["suite"])
        algorithms = ((suite.kdf, suite.aead), *self.options.get("also", ()))
        pairs = [crypto.generate(suite.kem, self.bench.rng) for _ in range(self.options.get("entries", 1))]
        return [
            GatewayKey(KeyEntry(key_id, suite.kem, pair.public, algorithms), pair.private)
            for key_id, pair in enumerate(pairs, self.options.get("first_key_id", 1))
        ]

    async def handle(self, exchange: ServerExchange) -> None:
        """One request; what is asked for otherwise than it should be is recorded, and answered where it can be read."""
        asked = exchange.request
        if asked.method == b"GET" and asked.target == WELL_KNOWN:
            await self.serve_keys(exchange)
            return
        record_request(self.bench, asked, "outer", where="gateway")
        if asked.target != WELL_KNOWN:
            await self.plain(exchange, 404, "nothing here")
        else:
            await self.encapsulated(exchange)

    async def serve_keys(self, exchange: ServerExchange) -> None:
        """Answer with the key configurations."""
        keys = self.bench.point("keys", self.collection()).octets
        built = self.bench.point("keys-answer", response(200, self.keys_fields(), keys))
        await exchange.answer(built)

    async def send(self, exchange: ServerExchange, status: int, fields: Sequence[Line], content: bytes) -> None:
        """Let a response leave."""
        await exchange.answer(self.bench.point("outer", response(status, fields, content)))

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        """Open an encapsulated request; what does not open is recorded."""
        try:
            plaintext, context = super().decapsulate(content)
        except (DecodeError, Refused) as why:
            self.bench.saw("decoded", "request", where="gateway", opened=False, why=str(why))
            raise
        self.bench.saw(
            "decoded", "request", where="gateway", octets=plaintext, opened=True, enc=context.enc.hex(),
            suite=context.suite.name, key_id=content[0],
        )  # fmt: skip
        return plaintext, context

    def check(self, inner: BinaryRequest) -> None:
        """Whatever a client asks for is answered."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        """The answer of the target that it is itself."""
        answer: BinaryResponse | None = self.options.get("answer")
        if answer is not None:
            return answer
        return BinaryResponse(200, ((b"content-type", b"text/plain"),), inner.content)

    async def respond(
        self, exchange: ServerExchange, context: ResponseContext, answer: BinaryResponse | None, *, known: bool
    ) -> None:
        """Seal the answer, let it leave, and record what a client must make of it."""
        assert answer is not None
        sealed = self.sealed(context, bhttp_response(answer, known=self.options.get("known", known)))
        content = self.bench.point("response", sealed).octets
        fields = [(b"Content-Type", RESPONSE_TYPE.encode()), *self.outer_fields(answer)]
        built = self.bench.point("outer", response(200, fields, content))
        self.bench.saw("decoded", "answer", where="gateway", **strictly_read(built, context))
        await exchange.answer(built)


def strictly_read(built: Built, context: ResponseContext) -> Mapping[str, Any]:
    """What a strict client reads in an answer over HTTP/1.1: its status and type, whether it opens, what is inside."""
    parts = built.fields
    content, status = parts["content"], parts["status"].decode("latin-1")
    kind = media_type(tuple(_lines(built.octets, built.spans)))
    octets, why = b"", ""
    try:
        octets = _opened(content, context)
    except (HPKEError, DecodeError) as error:
        why = str(error) or "it does not open"
    inner = None if why else lawful_response(octets)
    said = {} if inner is None else {"response": message_json(inner)}
    return {"octets": octets, "status": status, "type": kind, "opened": not why, "why": why, **said}


def _opened(content: bytes, context: ResponseContext) -> bytes:
    length = response_nonce_length(context.suite)
    if len(content) < length:
        raise HPKEError("there is no nonce")
    nonce, ciphertext = content[:length], content[length:]
    secret = context.recipient.export(RESPONSE_LABEL, length)
    key, aead_nonce = response_keys(context.suite, secret, context.enc + nonce)
    return crypto.aead_open(context.suite.aead, key, aead_nonce, ciphertext, b"")


def _lines(octets: bytes, spans: Sequence[Span]) -> FieldLines:
    places = {path: (start, end) for path, start, end, _ in spans}
    found, at = [], 0
    while f"fields[{at}]" in places:
        name, value = places.get(f"fields[{at}].name"), places.get(f"fields[{at}].value")
        if name and value:
            found.append((octets[slice(*name)], octets[slice(*value)]))
        at += 1
    return tuple(found)
