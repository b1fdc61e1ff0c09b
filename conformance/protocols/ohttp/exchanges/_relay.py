"""Relays: a request of ours goes to a gateway of ours through one, and its answer back.

`accepted` means that both came through as they should: the content unchanged under the media type that it had, and the
answer with the status, the media type and the content that the gateway gave. Nothing has to open for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance import crypto
from conformance.bench import Bench, record_request
from conformance.crypto import Suite
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.net import Connection, ServerExchange
from conformance.protocols.ohttp.exchanges._gateway import IDENTITY, PLAIN_4XX, PLAIN_5XX, PLAIN_OTHER
from conformance.protocols.ohttp.messages import (
    CHUNKED_REQUEST_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    GatewayKey,
    KeyEntry,
    Line,
    Refused,
    RequestContext,
    bhttp_request,
    bhttp_response,
    encapsulated_request,
    encapsulated_response,
    open_request,
    response_nonce_length,
)
from conformance.wire import DecodeError
from conformance.wire.http import media_type, request, response

SUITE = Suite(0x0020, 0x0001, 0x0001)


def relay_ended(part: Part) -> Outcome:
    """How a request through a relay ended."""
    answer = part.last("decoded", "answer")
    if answer is None:
        return part.ending()
    arrived = part.last("decoded", "forwarded", "gateway")
    own = {4: PLAIN_4XX, 5: PLAIN_5XX}.get(answer.value["status"] // 100, PLAIN_OTHER).at(str(answer.value["status"]))
    given = part.last("decoded", "given", "gateway")
    if arrived is None or given is None:
        return own
    if not arrived.value["same"]:
        return WRONG.at("another content reached the gateway")
    if arrived.value["method"] != "POST" or not arrived.value["typed"]:
        return WRONG.at("the gateway got another message around it")
    if any(given.value[name] != answer.value[name] for name in ("status", "type", "digest")):
        return own if answer.value["status"] >= 400 else WRONG.at("another answer came back")
    return ACCEPTED if arrived.value["lawful"] else ANYWAY


@dataclass(frozen=True, slots=True)
class Given:
    """What our gateway behind the relay does: `behaviour` is one of answer, close, reset, hang and garbage.

    An `answer` is encapsulated and of that `content`, under that `status`; of another status than 200 it is in the
    open, with `type` for its media type.
    """

    behaviour: str = "answer"
    status: int = 200
    type: str = ""
    fields: tuple[Line, ...] = ()
    content: bytes | None = None


@exchange("ohttp.relay", relay_ended, over={"http": (1, 2)}, needs={"target"})
async def relayed(
    bench: Bench,
    live: Connection | None = None,
    *,
    content: bytes = b"hello",
    given: Given = Given(),
    method: bytes = b"POST",
    target: bytes = b"",
    kind: str = REQUEST_TYPE,
) -> Connection:
    """One encapsulated request through the relay; the content inside comes back, unless `given` says otherwise.

    `target` is another request target than the relay's, `kind` another media type.
    """
    connection = live or await bench.connect()
    pair, ephemeral = crypto.generate(SUITE.kem, bench.rng), crypto.generate(SUITE.kem, bench.rng)
    key = GatewayKey(KeyEntry(1, SUITE.kem, pair.public, ((SUITE.kdf, SUITE.aead),)), pair.private)
    inner = BinaryRequest(b"POST", b"https", b"target.example", b"/echo", (), content)
    recipe = encapsulated_request(key.entry, RequestContext(SUITE, pair.public, ephemeral), bhttp_request(inner))
    sealed = bench.point("request", recipe).octets
    gateway = _Gateway(bench, key, sealed, given)
    assert bench.lab is not None
    bench.lab.expect(ephemeral.public, bench, gateway.answer)
    bench.run.stack.callback(bench.lab.forget, ephemeral.public)
    served = urlsplit((await bench.serving()).url)
    path = (served.path or "/").encode() + (b"?" + served.query.encode() if served.query else b"")
    outer = request(
        method, target or path, served.netloc.encode(), (IDENTITY, (b"content-type", kind.encode())), sealed,
        version=connection.version, scheme=served.scheme.encode(),
    )  # fmt: skip
    built = bench.point("outer", outer)
    typed = media_type(((b"content-type", kind.encode()),)) in {REQUEST_TYPE, CHUNKED_REQUEST_TYPE}
    gateway.wanted = built.fields["content"]
    gateway.lawful = method == b"POST" and typed and not built.changed
    pending = await connection.request(bench, built, "outer")
    answer = await pending.answer()
    bench.saw(
        "decoded", "answer", status=answer.status, type=media_type(answer.fields), digest=_digest(answer.content),
        fields=[[n.decode("latin-1").lower(), v.decode("latin-1")] for n, v in answer.fields],
    )  # fmt: skip
    return connection


def _digest(content: bytes) -> str:
    return f"{len(content)} octets, {content[:32].hex()}, {crypto.extract(1, b'', content)[:8].hex()}"


class _Gateway:
    """What the relay finds where its gateway is: one request is expected there, and known by its encapsulated key."""

    def __init__(self, bench: Bench, key: GatewayKey, sealed: bytes, given: Given) -> None:
        self.bench = bench
        self.key = key
        self.wanted = sealed
        self.lawful = True
        self.given = given

    async def answer(self, exchange: ServerExchange) -> None:
        """Record what came, and do what it is told."""
        asked = exchange.request
        record_request(self.bench, asked, "outer", where="gateway")
        kind = media_type(asked.fields)
        self.bench.saw(
            "decoded", "forwarded", where="gateway", same=asked.content == self.wanted,
            method=asked.method.decode("latin-1"), typed=kind in {REQUEST_TYPE, CHUNKED_REQUEST_TYPE}, type=kind,
            lawful=self.lawful,
        )  # fmt: skip
        match self.given.behaviour:
            case "close":
                await exchange.close()
            case "reset":
                await exchange.reset()
            case "garbage":
                await exchange.raw(b"this is no HTTP\r\n\r\n")
                await exchange.close()
            case "answer":
                await self.answered(exchange)

    async def answered(self, exchange: ServerExchange) -> None:
        """Seal what was inside, or say something in the open."""
        given, content, kind = self.given, self.given.content or b"", self.given.type
        status = given.status
        if status == 200:
            try:
                content, kind = self.sealed(exchange.request.content), RESPONSE_TYPE
            except (DecodeError, Refused) as why:
                status, content, kind = 400, str(why).encode(), "text/plain"
        fields = ((b"Content-Type", kind.encode()), *given.fields) if kind else given.fields
        told: dict[str, Any] = {"status": status, "type": kind, "digest": _digest(content)}
        built = self.bench.point("answer", response(status, fields, content))
        self.bench.saw("decoded", "given", where="gateway", **told)
        await exchange.answer(built)

    def sealed(self, octets: bytes) -> bytes:
        """The encapsulated response."""
        plaintext, context = open_request(octets, [self.key])
        inner = BinaryResponse(200, (), self.given.content if self.given.content is not None else plaintext)
        nonce = self.bench.rng.randbytes(response_nonce_length(SUITE))
        return self.bench.point("response", encapsulated_response(context, nonce, bhttp_response(inner))).octets


def answered_fields(part: Part) -> Mapping[str, str]:
    """The fields of the relay's answer, names in lower case."""
    event = part.last("decoded", "answer")
    return {} if event is None else dict(event.value["fields"])


__all__ = ["Given", "answered_fields", "relay_ended", "relayed"]
