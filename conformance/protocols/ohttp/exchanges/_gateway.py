"""The dialogues that the cases of Oblivious HTTP vary, and how each of them ended.

With our own target behind the gateway, `accepted` means that the request arrived there as our strict decoder reads it
in the octets that left, and that the answer came back whole. Without it (the reduced profile) it means the most that
can be seen: any encapsulated answer that opens in the request's context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from conformance import crypto
from conformance.bench import STRAY, Bench, TargetAnswer
from conformance.crypto import Suite
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.net import Answer, Connection, Pending, texts
from conformance.protocols.ohttp import messages
from conformance.protocols.ohttp.messages import (
    KEYS_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    KeyEntry,
    Line,
    Lines,
    RequestContext,
    bhttp_request,
    decode_keys,
    encapsulated_request,
    lawful_request,
    lawful_response,
)
from conformance.wire import DecodeError, Message
from conformance.wire.http import HOP_BY_HOP, combined, media_type, request

PLAIN_4XX, PLAIN_5XX = Outcome("plain-4xx"), Outcome("plain-5xx")
PLAIN_415, PLAIN_422 = PLAIN_4XX.at("415"), PLAIN_4XX.at("422")
PLAIN_OTHER = Outcome("plain-other")
ENCAPSULATED_4XX, ENCAPSULATED_5XX = Outcome("encapsulated-4xx"), Outcome("encapsulated-5xx")
MISLABELLED = Outcome("mislabelled")
"""A response that opens, but not under status 200 and the media type of encapsulated responses."""

SUITES = tuple(s.name for s in crypto.SUITES)
IDENTITY = (b"user-agent", b"conformance")
TOKEN_FIELD = b"conformance-token"
_ABSOLUTE = re.compile(rb"^https?://[^/?]*", re.IGNORECASE)
_GATEWAYS_OWN = frozenset({b"host", b"content-length", b"date", b"expect", b"trailer"})
"""Fields that a gateway writes itself, or acts upon."""


def gateway_ended(part: Part) -> Outcome:
    """How a request at a gateway ended."""
    answer = part.last("decoded", "response")
    if answer is None:
        return part.ending()
    status = int(answer.value["status"])
    if not answer.value["opened"]:
        return _plain(status, encapsulated=answer.value["type"] == RESPONSE_TYPE)
    if status != 200 or answer.value["type"] != RESPONSE_TYPE:
        return MISLABELLED.at(str(status))
    inner = lawful_response(answer.octets)
    if inner is None:
        return WRONG
    sent = part.sent("request")
    lawful = lawful_request(sent.fields.get("content", b"")) if sent else None
    if answer.value["profile"] == "reduced":
        if lawful is None:  # an error inside is the gateway's refusal, or that of a target which is not ours
            return _inner_error(inner) if inner.status >= 400 else ANYWAY
        return ACCEPTED
    return _from_target(part, inner, lawful)


def _plain(status: int, *, encapsulated: bool) -> Outcome:
    """An answer in the open; one that claims to be encapsulated and does not open is simply wrong."""
    if encapsulated:
        return WRONG
    name = {4: PLAIN_4XX, 5: PLAIN_5XX}.get(status // 100, PLAIN_OTHER)
    return name.at(str(status))


def _from_target(part: Part, inner: BinaryResponse, lawful: BinaryRequest | None) -> Outcome:
    arrived = part.last("received", "target", where="target")
    wanted = part.last("target")
    if arrived is None and inner.content == STRAY:  # it reached our target, as something else
        return ANYWAY if lawful is None else WRONG.at("another request")
    if arrived is None:
        return _inner_error(inner)
    if lawful is None:
        return ANYWAY
    if wanted is None:
        return WRONG
    if wanted.value["fails"]:
        return _inner_error(inner)
    differs = request_differs(lawful, arrived.value) or response_differs(wanted.value, inner, lawful)
    return WRONG.at(differs) if differs else ACCEPTED


def _inner_error(inner: BinaryResponse) -> Outcome:
    """An error that the gateway made, inside the encapsulation."""
    if inner.status < 400:
        return WRONG.at(f"inner {inner.status}")
    return (ENCAPSULATED_4XX if inner.status < 500 else ENCAPSULATED_5XX).at(str(inner.status))


def request_differs(sent: BinaryRequest, arrived: Mapping[str, Any]) -> str:
    """In what the request that reached the target differs from the one inside, or an empty string.

    A gateway may add fields (RFC 9110, Section 7.6) and may drop trailers (Section 6.5.1). The content comes back in
    the answer.
    """
    if arrived["method"].encode("latin-1") != sent.method:
        return "another method"
    target = arrived["target"].encode("latin-1")
    if _ABSOLUTE.sub(b"", target) != sent.path:
        return "another path"
    return _fields_differ(crossing(sent.fields), crossing(lines_of_texts(arrived["fields"])))


def response_differs(wanted: Mapping[str, Any], inner: BinaryResponse, sent: BinaryRequest) -> str:
    """In what the response inside differs from the one that the target gave, or an empty string."""
    if inner.status != wanted["status"]:
        return f"status {inner.status}"
    content = bytes.fromhex(wanted["content"]) if "content" in wanted else sent.content
    if sent.method == b"HEAD" or inner.status in {204, 304}:
        content = b""
    if inner.content != content:
        return "another content"
    return _fields_differ(crossing(lines_of_texts(wanted["fields"])), crossing(inner.fields))


def lines_of_texts(texts: Sequence[Sequence[str]]) -> Lines:
    """Field lines as they were, from how events store them."""
    return tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in texts)


def crossing(lines: Sequence[Line]) -> dict[bytes, Sequence[bytes]]:
    """What of the fields crosses a gateway unchanged: by name, the values of all lines as they combine.

    Cookies combine by semicolon (RFC 9113, Section 8.2.3), lines of Set-Cookie not at all (RFC 9110, Section 5.3).
    """
    nominated = {token.strip().lower() for n, v in lines if n.lower() == b"connection" for token in v.split(b",")}
    found: dict[bytes, list[bytes]] = {}
    for name, value in lines:
        low = name.lower()
        if not low.startswith(b":") and low not in HOP_BY_HOP | nominated | _GATEWAYS_OWN:
            found.setdefault(low, []).append(value)
    return {name: values if name == b"set-cookie" else [_combined(name, values)] for name, values in found.items()}


def _combined(name: bytes, values: Sequence[bytes]) -> bytes:
    return b"; ".join(values) if name == b"cookie" else re.sub(rb"[ \t]*,[ \t]*", b",", b",".join(values))


def _fields_differ(sent: Mapping[bytes, Sequence[bytes]], arrived: Mapping[bytes, Sequence[bytes]]) -> str:
    for name, values in sent.items():
        if name not in arrived:
            return f"without {name.decode('latin-1')}"
        if list(arrived[name]) != list(values):
            return f"another value of {name.decode('latin-1')}"
    return ""


@dataclass(slots=True)
class Asked:
    """A request that is under way: its answer opens only here."""

    bench: Bench
    pending: Pending
    context: RequestContext
    enc: bytes
    profile: str
    recipe: Message
    token: str | None

    async def again(self, bench: Bench, connection: Connection) -> Asked:
        """Send the same octets once more, as whoever sees them pass could; the part is that of the copy."""
        if self.token is not None and bench.lab is not None:
            bench.lab.expect(self.token, bench)
            bench.saw("target", fails=False, status=200, fields=[])
        sealed = bench.point("request", self.recipe)
        pending = await post(bench, connection, sealed.octets)
        return replace(self, bench=bench, pending=pending)

    async def answer(self) -> bytes | None:
        """Wait for the answer and record what it says: the plaintext, or None where it does not open."""
        answer = await self.pending.answer()
        kind = media_type(answer.fields)
        opened: bytes | None = None
        why = step = ""
        try:
            opened = self.context.open(answer.content, self.enc)
        except DecodeError as error:
            why = str(error)
            if kind == RESPONSE_TYPE:
                step = messages.diagnosis(self.context, answer.content, self.enc)
        self.bench.saw(
            "decoded",
            "response",
            octets=opened or b"",
            status=answer.status,
            type=kind,
            opened=opened is not None,
            why=why,
            step=step,
            nonce=answer.content[: messages.response_nonce_length(self.context.suite)].hex()
            if opened is not None
            else "",
            profile=self.profile,
            **_shown(opened),
        )
        return opened


def _shown(plaintext: bytes | None) -> dict[str, Any]:
    inner = lawful_response(plaintext) if plaintext is not None else None
    if inner is None:
        return {}
    fields = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in inner.fields]
    return {"inner_status": inner.status, "inner_fields": fields, "inner_octets": len(inner.content)}


@dataclass(frozen=True, slots=True)
class Inner:
    """What the honest request inside is made of, before any change.

    `path` None is our target's own, `authority` None too; in place of another path a field tells whose the request is.
    With `host` the target's authority stands in a field of that name. `answer` is what the target does. `wait` is how
    many times as long as usual we wait for what comes back.
    """

    method: bytes = b"POST"
    content: bytes = b"hello"
    fields: tuple[Line, ...] = ()
    trailers: tuple[Line, ...] = ()
    query: bytes = b""
    known: bool = True
    chunks: tuple[int, ...] = ()
    padding: int = 0
    answer: TargetAnswer | None = None
    scheme: bytes = b""
    authority: bytes | None = None
    path: bytes | None = None
    host: bool = False
    wait: float = 1.0


async def ask(
    bench: Bench,
    connection: Connection,
    inner: Inner | bytes = Inner(),
    *,
    suite: Suite | None = None,
    chunks: Sequence[int] = (),
    ephemeral: crypto.KeyPair | None = None,
) -> Asked:
    """Send one request for our target; the answer is awaited on what this gives.

    `suite` is another one than the variant's, of the same KEM, offered or not; `chunks` are the sizes of the pieces in
    which the content leaves under the chunked coding; `ephemeral` is a key pair that was used before.
    """
    inner = Inner(content=inner) if isinstance(inner, bytes) else inner
    connection.stream.patience = bench.patience * inner.wait
    entry, offered = await key_for(bench, connection)
    message, profile, token = _request(bench, inner)
    context = RequestContext(suite or offered, entry.public, ephemeral or crypto.generate(offered.kem, bench.rng))
    content = bhttp_request(message, known=inner.known, chunks=inner.chunks, padding=inner.padding)
    recipe = encapsulated_request(entry, context, content)
    sealed = bench.point("request", recipe)
    pending = await post(bench, connection, sealed.octets, chunks)
    return Asked(bench, pending, context, sealed.fields["enc"], profile, recipe, token)


async def post(bench: Bench, connection: Connection, content: bytes, chunks: Sequence[int] = ()) -> Pending:
    """Send an encapsulated request as the content of a POST to the gateway resource (RFC 9458, Section 5)."""
    served = urlsplit((await bench.serving()).url)
    outer = request(
        b"POST",
        served.path.encode() + (b"?" + served.query.encode() if served.query else b""),
        served.netloc.encode(),
        (IDENTITY, (b"content-type", REQUEST_TYPE.encode())),
        content,
        version=connection.version,
        scheme=served.scheme.encode(),
        chunks=_pieces(content, chunks) if chunks else None,
    )
    return await connection.request(bench, bench.point("outer", outer), "outer", barrier=bench.barrier)


def _pieces(content: bytes, sizes: Sequence[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(content[at : at + size])
        at += size
    return [p for p in (*pieces, content[at:]) if p]


def _request(bench: Bench, inner: Inner) -> tuple[BinaryRequest, str, str | None]:
    """The request inside, for our target (full profile) or for the gateway's own host (reduced)."""
    answer = inner.answer or TargetAnswer()
    token = bench.target(answer)
    if token is None or bench.lab is None:
        served = urlsplit(bench.run.setup.options.get("target", bench.memory["served"].url))
        scheme, authority, path, profile = served.scheme, served.netloc, served.path or "/", "reduced"
    else:
        target = urlsplit(bench.lab.url)
        scheme, authority, path, profile = target.scheme, target.netloc, f"/echo/{token}", "full"
        said: dict[str, Any] = {} if answer.content is None else {"content": answer.content.hex()}
        fails = answer.behaviour != "answer" or (answer.raw is not None and answer.content is None)
        bench.saw("target", fails=fails, status=answer.status, fields=texts(answer.fields), **said)
    message = BinaryRequest(
        inner.method,
        inner.scheme or scheme.encode(),
        authority.encode() if inner.authority is None else inner.authority,
        (path.encode() if inner.path is None else inner.path) + inner.query,
        (
            *(((b"host", authority.encode()),) if inner.host else ()),
            *inner.fields,
            *(((TOKEN_FIELD, token.encode()),) if inner.path is not None and token is not None else ()),
        ),
        inner.content,
        inner.trailers,
    )
    return message, profile, token


async def key_for(bench: Bench, connection: Connection) -> tuple[KeyEntry, Suite]:
    """The key and suite of this variant, from the key configurations of this life of the gateway."""
    keys: Sequence[KeyEntry] | None = bench.memory.get("keys")
    if keys is None:
        answer = await get_keys(bench, connection)
        keys = decode_keys(answer.content)
        bench.memory["keys"] = keys
    wanted = bench.variant.get("suite")
    for entry in keys:
        for suite in entry.suites:
            if wanted in {None, suite.name}:
                _validated(entry.kem, entry.public)
                return entry, suite
    raise DecodeError("keys", 0, f"no key configuration is offered with the suite {wanted}")


@lru_cache
def _validated(kem: int, public: bytes) -> None:
    try:
        crypto.validate_public(kem, public)
    except crypto.HPKEError as why:
        raise DecodeError("keys.public", 0, str(why)) from why


async def get_keys(
    bench: Bench, connection: Connection, point: str = "discovery", *, accept: bool = True, where: str = ""
) -> Answer:
    """Fetch the key configurations (RFC 9540, Section 6); `where` is their URL, if it is not the subject's."""
    if not where:
        served = await bench.serving()
        where = str(served.more.get("keys") or served.url)
    url = urlsplit(where)
    fields = (IDENTITY, (b"accept", KEYS_TYPE.encode())) if accept else (IDENTITY,)
    asked = request(
        b"GET",
        url.path.encode() + (b"?" + url.query.encode() if url.query else b""),
        url.netloc.encode(),
        fields,
        version=connection.version,
        scheme=url.scheme.encode(),
    )
    pending = await connection.request(bench, bench.point(point, asked), point)
    answer = await pending.answer()
    bench.saw(
        "decoded",
        "keys",
        octets=answer.content,
        status=answer.status,
        type=media_type(answer.fields),
        kept=(combined(answer.fields, b"cache-control") or b"").decode("latin-1"),
        location=(combined(answer.fields, b"location") or b"").decode("latin-1"),
    )
    return answer


OVER = {"http": (1, 2, 3), "suite": SUITES}


@exchange("ohttp.gateway", gateway_ended, over=OVER, needs={"suites"})
async def fetch(
    bench: Bench,
    live: Connection | None = None,
    inner: Inner | bytes = Inner(),
    suite: Suite | None = None,
    chunks: Sequence[int] = (),
) -> Connection:
    """Keys, then one request for our target, which answers with the content it got."""
    connection = live or await bench.connect()
    asked = await ask(bench, connection, inner, suite=suite, chunks=chunks)
    await asked.answer()
    return connection


convey = replace(fetch, name="convey", over={"http": (1, 2, 3)}, needs=frozenset({"suites", "target"}))
"""The same for cases about what is inside: they need our own target, and no suite changes what they see."""


def keys_ended(part: Part) -> Outcome:
    """How a fetch of key configurations ended; what they say is looked at by watches."""
    answer = part.last("decoded", "keys")
    if answer is None:
        return part.ending()
    status = int(answer.value["status"])
    return ACCEPTED if status == 200 and answer.octets else _plain(status, encapsulated=False)


@exchange("ohttp.gateway", keys_ended, over={"http": (1, 2, 3)})
async def fetch_keys(bench: Bench, live: Connection | None = None, *, accept: bool = True) -> Connection:
    """One fetch of the key configurations."""
    served = await bench.serving()
    connection = live or await bench.connect(str(served.more.get("keys") or served.url))
    await get_keys(bench, connection, "outer", accept=accept)
    return connection
