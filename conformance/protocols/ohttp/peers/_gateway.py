"""The reference gateway (RFC 9458, Section 5): every step a method, so that a fault replaces one of them.

    GET   → key configurations (RFC 9540, Section 6)
    POST  → check media type → decapsulate → read Binary HTTP → check → forward to the target → encapsulate the answer

What goes wrong before decapsulation is answered in the open, what goes wrong after it inside the encapsulation (5.2).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar

from conformance import crypto
from conformance.bench import Peer, RoleOffer, Served
from conformance.crypto import Suite
from conformance.model import Ended
from conformance.net import Answer, Connection, Nobody, Route, Server, ServerExchange, connect, serve
from conformance.protocols.ohttp.messages import (
    KEY_PROBLEM,
    KEYS_TYPE,
    PROBLEM_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    Decoder,
    GatewayKey,
    KeyEntry,
    Line,
    Refused,
    ResponseContext,
    bhttp_response,
    encapsulated_response,
    key_collection,
    open_request,
    response_nonce_length,
)
from conformance.wire import DecodeError, Message
from conformance.wire.http import HOP_BY_HOP, FieldLines, media_type, request, response

WELL_KNOWN = b"/.well-known/ohttp-gateway"
SUITES = (
    "0020/0001/0001", "0020/0001/0002", "0020/0001/0003", "0010/0001/0001", "0011/0002/0002", "0012/0003/0002",
    "0021/0003/0003",
)  # fmt: skip
"""What the reference offers: every KEM, KDF and AEAD that we implement at least once, the commonest first."""
TARGET_PATIENCE = 2.0
"""Seconds that a target gets: nobody who tests a gateway waits longer."""
MOST_FIELDS = 1000


class GatewayError(Exception):
    """A request that is answered with an error inside the encapsulation: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Gateway(Peer):
    """Gateway that forwards to real HTTP targets: those in `options["targets"]`, or any on loopback without them."""

    role: ClassVar[str] = "ohttp.gateway"
    offers: ClassVar[RoleOffer] = RoleOffer(variants={"http": (1, 2), "suite": SUITES})
    suites: ClassVar[Sequence[str]] = SUITES
    decoder: ClassVar[type[Decoder]] = Decoder
    patience: ClassVar[float] = TARGET_PATIENCE

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self.keys = self.make_keys()
        self._server: Server | None = None
        self._idle: dict[str, list[Connection]] = {}

    async def start(self) -> Served:
        """Begin to serve on loopback (`listen` and `port` in the options say where)."""
        host, port = self.options.get("listen", "127.0.0.1"), self.options.get("port", 0)
        self._server = await serve(self.handle, host=host, port=port)
        return Served(self._server.url.rstrip("/") + WELL_KNOWN.decode())

    async def stop(self) -> None:
        """Stop serving, and close what is open to targets."""
        if self._server is not None:
            await self._server.close()
        for connection in chain.from_iterable(self._idle.values()):
            await connection.close()
        self._idle.clear()

    # keys

    def make_keys(self) -> list[GatewayKey]:
        """One key for each KEM, offered with all algorithms that a suite names with it."""
        pairs: dict[int, list[tuple[int, int]]] = {}
        for suite in map(Suite.parse, self.suites):
            pairs.setdefault(suite.kem, []).append((suite.kdf, suite.aead))
        keys = []
        for key_id, (kem, algorithms) in enumerate(pairs.items(), 1):
            pair = crypto.generate(kem, self.bench.rng)
            keys.append(GatewayKey(KeyEntry(key_id, kem, pair.public, tuple(algorithms)), pair.private))
        return keys

    def collection(self) -> Message:
        """The key configurations that are published."""
        return key_collection([k.entry for k in self.keys])

    # HTTP

    async def handle(self, exchange: ServerExchange) -> None:
        """One request at the gateway resource."""
        asked = exchange.request
        if asked.target != WELL_KNOWN:
            await self.plain(exchange, 404, "nothing here")
        elif asked.method == b"GET":
            await self.serve_keys(exchange)
        elif asked.method != b"POST":
            await self.plain(
                exchange, 405, "POST an encapsulated request, or GET the keys", ((b"Allow", b"GET, POST"),)
            )
        elif not self.takes_type(asked.fields):
            await self.plain(exchange, 415, f"the content is no {REQUEST_TYPE}")
        else:
            await self.encapsulated(exchange)

    def takes_type(self, fields: FieldLines) -> bool:
        """Whether the content is of the media type that a gateway takes (RFC 9458, Section 4.5)."""
        return media_type(fields) == REQUEST_TYPE

    async def serve_keys(self, exchange: ServerExchange) -> None:
        """Answer with the key configurations."""
        keys = self.bench.point("keys", self.collection()).octets
        await self.send(exchange, 200, self.keys_fields(), keys)

    def keys_fields(self) -> Sequence[Line]:
        """What is said of the key configurations: their media type, and how long they may be kept."""
        return ((b"Content-Type", KEYS_TYPE.encode()), (b"Cache-Control", b"max-age=60"))

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        """Answer in the open."""
        await self.send(exchange, status, [(b"Content-Type", b"text/plain"), *more], why.encode())

    async def send(self, exchange: ServerExchange, status: int, fields: Sequence[Line], content: bytes) -> None:
        """Let a response leave."""
        built = self.bench.point("answer", response(status, fields, content, version=exchange.request.version))
        await exchange.answer(built)

    # Oblivious HTTP

    async def encapsulated(self, exchange: ServerExchange) -> None:
        """From encapsulated request to encapsulated response."""
        content = exchange.request.content
        try:
            plaintext, context = self.decapsulate(content)
        except (DecodeError, Refused) as why:
            await self.refuse(exchange, why)
            return
        context = self.context(exchange, context)
        answer: BinaryResponse | None
        try:
            inner, known = self.read(plaintext)
            self.check(inner)
            answer = await self.forward(inner)
        except DecodeError as why:
            answer, known = self.bad_message(why), True
        except GatewayError as why:
            answer, known = self.inner_error(why), True
        await self.respond(exchange, context, self.trimmed(answer), known=known)

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        """Open an encapsulated request (4.3)."""
        return open_request(content, self.keys)

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        """Answer what cannot be decapsulated: in the open, with a 4xx (5.2), 422 where the key may be why (6.4)."""
        if isinstance(why, Refused):
            problem = json.dumps({"type": KEY_PROBLEM, "title": str(why)}).encode()
            await self.send(exchange, 422, [(b"Content-Type", PROBLEM_TYPE.encode())], problem)
        else:
            await self.plain(exchange, 400, str(why))

    def context(self, exchange: ServerExchange, context: ResponseContext) -> ResponseContext:
        """The context in which the response is sealed: that of its request (4.4)."""
        del exchange
        return context

    def read(self, plaintext: bytes) -> tuple[BinaryRequest, bool]:
        """The request inside, and whether it came with known length."""
        decoder = self.decoder(plaintext)
        message = decoder.message()
        if not isinstance(message, BinaryRequest):
            raise DecodeError("bhttp.framing", 0, "a response where a request is wanted")
        return message, decoder.known

    def check(self, inner: BinaryRequest) -> None:
        """Whether the request is one that this gateway serves; GatewayError otherwise."""
        self.check_expectation(inner)
        self.check_method(inner)
        self.check_length(inner)
        self.check_size(inner)
        self.check_target(inner)

    def check_expectation(self, inner: BinaryRequest) -> None:
        """An expectation of 100-continue cannot be met (RFC 9458, Section 5.1)."""
        if any(n.lower() == b"expect" and b"100-continue" in v.lower() for n, v in inner.fields):
            raise GatewayError(417, "an expectation of 100-continue cannot be met")

    def check_method(self, inner: BinaryRequest) -> None:
        """CONNECT serves no purpose here (RFC 9292, Section 6)."""
        if inner.method == b"CONNECT":
            raise GatewayError(400, "CONNECT serves no purpose here")

    def check_length(self, inner: BinaryRequest) -> None:
        """The content is as long as Content-Length says, if it is there (RFC 9113, Section 8.1.1)."""
        lengths = [v for n, v in inner.fields if n.lower() == b"content-length"]
        if any(v != b"%d" % len(inner.content) for v in lengths) and inner.method != b"HEAD":
            raise GatewayError(400, "the content has another length than its Content-Length says")

    def check_size(self, inner: BinaryRequest) -> None:
        """A target of HTTP/1.1 is not asked to read without bounds (RFC 9292, Section 8)."""
        if len(inner.fields) > MOST_FIELDS:
            raise GatewayError(431, f"more than {MOST_FIELDS} fields")

    def check_target(self, inner: BinaryRequest) -> None:
        """Only targets that are listed are served (RFC 9458, Section 6.3)."""
        if self.origin(inner) not in self.options.get("targets", ()):
            raise GatewayError(403, "this gateway does not serve that target")

    def origin(self, inner: BinaryRequest) -> str:
        """Scheme and authority of the request; an absent authority stands in the field Host."""
        authority = inner.authority or next((v for n, v in inner.fields if n.lower() == b"host"), b"")
        return f"{inner.scheme.decode('latin-1').lower()}://{authority.decode('latin-1').lower()}"

    async def respond(
        self, exchange: ServerExchange, context: ResponseContext, answer: BinaryResponse | None, *, known: bool
    ) -> None:
        """Seal the answer and let it leave; None: an error in the open."""
        if answer is None:
            await self.plain(exchange, 400, "the message inside is no good")
            return
        sealed = self.sealed(context, bhttp_response(answer, known=known))
        content = self.bench.point("response", sealed).octets
        fields = [(b"Content-Type", RESPONSE_TYPE.encode()), *self.outer_fields(answer)]
        await self.send(exchange, self.outer_status(answer), fields, content)

    def outer_status(self, answer: BinaryResponse) -> int:
        """The status outside: 200, whatever stands inside (5)."""
        del answer
        return 200

    def sealed(self, context: ResponseContext, content: Message) -> Message:
        """The recipe of an encapsulated response (4.4)."""
        return encapsulated_response(context, self.nonce(context), content)

    def nonce(self, context: ResponseContext) -> bytes:
        """The response nonce: random for every response (4.4)."""
        return bytes(self.bench.rng.randbytes(response_nonce_length(context.suite)))

    def outer_fields(self, answer: BinaryResponse) -> Sequence[Line]:
        """Further fields of the outer response: none that depend on the answer (5)."""
        del answer
        return ((b"Cache-Control", b"no-store"),)

    def bad_message(self, why: DecodeError) -> BinaryResponse | None:
        """What a message that is no Binary HTTP request gets, inside the encapsulation (5.2)."""
        return BinaryResponse(400, ((b"content-type", b"text/plain"),), str(why).encode())

    def inner_error(self, why: GatewayError) -> BinaryResponse | None:
        """What a request that is not served gets, inside the encapsulation."""
        return BinaryResponse(why.status, ((b"content-type", b"text/plain"),), why.why.encode())

    def trimmed(self, answer: BinaryResponse | None) -> BinaryResponse | None:
        """The answer as it is encoded."""
        return answer

    # the target

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        """Ask the target; GatewayError when it does not answer."""
        try:
            answer = await asyncio.wait_for(self.ask(inner), self.patience)
        except (Ended, DecodeError, TimeoutError) as why:
            raise GatewayError(504, f"the target did not answer: {why}") from why
        return BinaryResponse(
            answer.status,
            self.forwarded(answer.fields),
            answer.content,
            self.forwarded(answer.trailers),
            tuple((status, self.forwarded(lines)) for status, lines in answer.informational),
        )

    async def ask(self, inner: BinaryRequest) -> Answer:
        """One request over HTTP/1.1, on a connection that is idle or new."""
        origin = self.origin(inner)
        idle = self._idle.setdefault(origin, [])
        while idle and not idle[-1].open:
            await idle.pop().close()
        connection = idle.pop() if idle else await self.reach(origin)
        whole = False
        try:
            built = self.forwarded_request(inner).build()
            pending = await connection.request(Nobody(), built, "target")
            answer = await pending.answer()
            whole = True
        finally:
            if whole and connection.open:
                idle.append(connection)
            else:
                await connection.close()
        return answer

    async def reach(self, origin: str) -> Connection:
        """A new connection to the target."""
        return await connect(Route.of(origin + "/"), Nobody(), version=1, patience=self.patience)

    def forwarded_request(self, inner: BinaryRequest) -> Message:
        """The request as the target gets it: method, path, fields and content as they came (5)."""
        authority = inner.authority or next((v for n, v in inner.fields if n.lower() == b"host"), b"")
        fields = [(n, v) for n, v in self.forwarded(self.joined(inner.fields)) if n.lower() != b"host"]
        content = inner.content if inner.content or inner.method not in {b"GET", b"HEAD", b"OPTIONS"} else None
        if inner.trailers:
            fields = [(n, v) for n, v in fields if n.lower() != b"content-length"]
            chunks = [inner.content] if inner.content else []
            return request(
                inner.method, inner.path, authority, fields, chunks=chunks, trailers=self.forwarded(inner.trailers)
            )
        return request(inner.method, inner.path, authority, fields, content)

    def joined(self, fields: Sequence[Line]) -> Sequence[Line]:
        """Several cookie lines are one, joined by a semicolon (RFC 9292, Section 3.6; RFC 9113, Section 8.2.3)."""
        cookies = [v for n, v in fields if n.lower() == b"cookie"]
        if len(cookies) < 2:
            return fields
        return [*((n, v) for n, v in fields if n.lower() != b"cookie"), (b"cookie", b"; ".join(cookies))]

    def forwarded(self, fields: Sequence[Line]) -> tuple[Line, ...]:
        """What crosses a gateway: all but pseudo-fields and what belongs to a connection (RFC 9110, Section 7.6.1)."""
        nominated = {token.strip().lower() for n, v in fields if n.lower() == b"connection" for token in v.split(b",")}
        return tuple(
            (n, v)
            for n, v in fields
            if n.lower() not in HOP_BY_HOP | nominated and not n.startswith(b":") and n.lower() != b"expect"
        )
