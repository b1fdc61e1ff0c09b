"""The gateway that clients meet: relay, gateway and target at once, so that all that a client sees is ours.

It takes what it can read, even where that breaks a rule, and records it: watches judge what a client sends, while its
cases are about what the client makes of what it gets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from conformance import crypto
from conformance.bench import Served, record_request
from conformance.crypto import HPKEError, Suite
from conformance.model import Span
from conformance.net import ServerExchange
from conformance.protocols.ohttp.messages import (
    CHUNKED_REQUEST_TYPE,
    CHUNKED_RESPONSE_TYPE,
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
    chunked_response,
    lawful_response,
    message_json,
    open_chunked_request,
    open_chunked_response,
    response_keys,
    response_nonce_length,
)
from conformance.protocols.ohttp.peers._gateway import WELL_KNOWN, Gateway
from conformance.wire import Built, DecodeError, Message
from conformance.wire.http import FieldLines, media_type, response


class AnsweringGateway(Gateway):
    """A gateway that asks no target.

    A request in chunks is answered in chunks.

    Options: `suite`, which its keys are for, `also`, with which further pairs of KDF and AEAD; `entries`, how many
    there are, `first_key_id`, the first of their ids; `answer`, the response (a `BinaryResponse`, or None: what the
    client sent comes back); `known`, its framing; `sizes`, those of its chunks, `empty_final`, whether an empty one
    stands behind them; `outer`, how many octets the pieces have in which it leaves under the chunked transfer coding
    (0: in one piece); `hand_over`, whether the keys are given to the client in place of being fetched, which makes them
    part of `Served.more`.

    Points: `keys` (the collection), `keys-answer` (the HTTP response with it), `response` (with its sealed content),
    `outer` (the HTTP response with it).
    """

    role: ClassVar[str] = "ohttp.gateway"
    chunked: bool = False

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

    async def encapsulated(self, exchange: ServerExchange) -> None:
        """From encapsulated request to encapsulated response."""
        self.chunked = media_type(exchange.request.fields) == CHUNKED_REQUEST_TYPE
        await super().encapsulated(exchange)

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        """Open an encapsulated request; in which form it came, or why it does not open, is recorded."""
        try:
            plaintext, context, sizes = self.opened(content)
        except (DecodeError, Refused) as why:
            self.bench.saw("decoded", "request", where="gateway", opened=False, chunked=self.chunked, why=str(why))
            raise
        self.bench.saw(
            "decoded", "request", where="gateway", octets=plaintext, opened=True, chunked=sizes is not None,
            sizes=sizes or [], enc=context.enc.hex(), suite=context.suite.name, key_id=content[0],
        )  # fmt: skip
        return plaintext, context

    def opened(self, content: bytes) -> tuple[bytes, ResponseContext, list[int] | None]:
        """Plaintext, context and sizes of chunks; None for those of the plain form, which may be called chunked."""
        if self.chunked:
            with contextlib.suppress(DecodeError, Refused):
                return open_chunked_request(content, self.keys)
        return *super().decapsulate(content), None

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
        wanted = self.options.get("known")
        inside = bhttp_response(answer, known=known if wanted is None else wanted)
        fields: list[Line] = []
        if self.chunked:
            sizes, empty_final = self.options.get("sizes", ()), self.options.get("empty_final", True)
            sealed = chunked_response(context, self.nonce(context), inside, sizes, empty_final=empty_final)
            fields += [(b"Content-Type", CHUNKED_RESPONSE_TYPE.encode()), (b"Incremental", b"?1")]
        else:
            sealed = self.sealed(context, inside)
            fields.append((b"Content-Type", RESPONSE_TYPE.encode()))
        content = self.bench.point("response", sealed).octets
        message = self.framed(200, [*fields, *self.outer_fields(answer)], content)
        built = self.bench.point("outer", message)
        self.bench.saw("decoded", "answer", where="gateway", **self.strictly_read(built, context, content))
        await exchange.answer(built)

    def framed(self, status: int, fields: Sequence[Line], content: bytes) -> Message:
        """The HTTP response around it, with its length in front or in pieces."""
        size = self.options.get("outer", 0)
        if not size:
            return response(status, fields, content)
        return response(status, fields, chunks=[content[at : at + size] for at in range(0, len(content), size)])

    def strictly_read(self, built: Built, context: ResponseContext, content: bytes) -> Mapping[str, Any]:
        """What a strict client reads in an answer over HTTP/1.1: status and type, whether it opens, what is inside."""
        parts = built.fields
        if not self.options.get("outer"):
            content = parts["content"]
        wanted = CHUNKED_RESPONSE_TYPE if self.chunked else RESPONSE_TYPE
        opened = open_chunked_response if self.chunked else _opened
        kind, status = media_type(_lines(built.octets, built.spans)), parts["status"].decode("latin-1")
        return {"status": status, "type": kind, "called": kind == wanted, **_inside(content, context, opened)}


def _inside(
    content: bytes, context: ResponseContext, opened: Callable[[bytes, ResponseContext], bytes]
) -> dict[str, Any]:
    octets, why = b"", ""
    try:
        octets = opened(content, context)
    except (HPKEError, DecodeError) as error:
        why = str(error) or "it does not open"
    inner = None if why else lawful_response(octets)
    said = {} if inner is None else {"response": message_json(inner)}
    return {"octets": octets, "opened": not why, "why": why, **said}


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
