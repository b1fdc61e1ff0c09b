"""Clients: one resource is fetched, and how that ended.

With our own peer as gateway, `accepted` means that the client asked for what it was told to ask for, and that the
application got what a strict client reads in the octets that left for it. With another subject in its place (a cell of
the matrix), what our target saw and what it answered stand for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from conformance import crypto
from conformance.bench import Bench, Served, Subject, TargetAnswer
from conformance.model import ACCEPTED, ANYWAY, WRONG, AdapterError, Outcome, Part, exchange
from conformance.net import texts
from conformance.protocols.ohttp.exchanges._gateway import (
    get_keys,
    request_differs,
    response_differs,
)
from conformance.protocols.ohttp.messages import (
    BinaryRequest,
    BinaryResponse,
    Line,
    lawful_request,
    message_json,
    message_of_json,
)
from conformance.protocols.ohttp.peers import AnsweringGateway, Relay

CLIENT_ERROR = Outcome("client-error")
"""The client tells its application that there is no answer."""

ROLE, GATEWAY, RELAY, OP = "ohttp.client", "ohttp.gateway", "ohttp.relay", "ohttp.client.fetch"
SUITES = tuple(s.name for s in crypto.SUITES)
NOWHERE = "http://target.example"
"""The target where there is no lab; nobody asks for it."""


def client_ended(part: Part) -> Outcome:
    """How a fetch ended, as the client told it."""
    asked, reply = part.last("asked", OP), part.last("reply", OP)
    if asked is None or reply is None or not {"ok", "refused"} & reply.value.keys():
        return part.ending()
    if "refused" in reply.value:
        return CLIENT_ERROR
    said, wanted = _said(reply.value), _request(asked.value)
    if part.last("counterpart", GATEWAY) is not None:
        return _met_another(part, said)
    read, left = part.last("decoded", "request"), part.last("decoded", "answer")
    if left is None or read is None:
        return ANYWAY.at("without an encapsulated answer")
    if left.value["status"] != "200" or not left.value["called"] or "response" not in left.value:
        return ANYWAY
    arrived = lawful_request(read.octets)
    differs = "no request" if arrived is None else asked_differs(wanted, arrived)
    if differs:
        return WRONG.at(f"asked for {differs}")
    inner = message_of_json(left.value["response"])
    assert isinstance(inner, BinaryResponse)
    given = {"status": inner.status, "fields": texts(inner.fields), "content": inner.content.hex()}
    differs = response_differs(given, said, wanted)
    return WRONG.at(f"told {differs}") if differs else ACCEPTED


def _said(reply: Mapping[str, Any]) -> BinaryResponse:
    """What the application got; AdapterError where that is no response."""
    try:
        said = message_of_json(reply["ok"].get("response"))
    except ValueError as why:
        raise AdapterError(str(why), step=OP, hint="See docs/adapter.md.") from None
    if not isinstance(said, BinaryResponse):
        raise AdapterError("a request where a response is wanted", step=OP, hint="See docs/adapter.md.")
    return said


def _request(asked: Mapping[str, Any]) -> BinaryRequest:
    request = message_of_json(asked["request"])
    assert isinstance(request, BinaryRequest)
    return request


def _met_another(part: Part, said: BinaryResponse) -> Outcome:
    """With another gateway: what reached our target, and what it answered."""
    asked, arrived, wanted = part.last("asked", OP), part.last("received", "target", "target"), part.last("target")
    if asked is None or arrived is None or wanted is None:
        return WRONG.at(f"our target saw nothing, and the client tells {said.status}")
    request = _request(asked.value)
    differs = request_differs(request, arrived.value) or response_differs(wanted.value, said, request)
    return WRONG.at(differs) if differs else ACCEPTED


def asked_differs(wanted: BinaryRequest, arrived: BinaryRequest) -> str:
    """In what the request inside differs from what the client was told to ask for, or an empty string.

    A client may add fields of its own.
    """
    told: dict[str, Any] = {
        "method": arrived.method.decode("latin-1"), "target": arrived.path.decode("latin-1"),
        "fields": texts(arrived.fields),
    }  # fmt: skip
    if differs := request_differs(wanted, told):
        return differs
    if arrived.scheme.lower() != wanted.scheme.lower():
        return "another scheme"
    host = next((v for n, v in arrived.fields if n.lower() == b"host"), b"")
    if wanted.authority and (arrived.authority or host).lower() != wanted.authority.lower():
        return "another authority"
    if arrived.content != wanted.content:
        return "another content"
    return ""


@exchange(ROLE, client_ended, over={"suite": SUITES}, meets={GATEWAY})
async def client_fetch(
    bench: Bench,
    live: None = None,
    *,
    through: bool = False,
    chunked: bool | None = None,
    sizes: Sequence[int] = (),
    empty_final: bool = True,
    outer: int = 0,
    method: bytes = b"POST",
    path: bytes = b"/echo",
    fields: tuple[Line, ...] = (),
    content: bytes = b"hello",
    answer: BinaryResponse | None = None,
    entries: int = 1,
    first_key_id: int = 1,
    also: Sequence[tuple[int, int]] = (),
    known: bool | None = None,
) -> None:
    """The client gets keys and fetches one resource; `answer` is the target's, or None: what was sent comes back.

    `through` puts a relay in front of the gateway. `entries` is the number of keys that are offered, `first_key_id` the
    id of the first, `also` are further pairs of KDF and AEAD that they are offered with; `known` is the framing of the
    answer (None: as the request has it). `chunked` asks for the chunked form (None: only where the client has no
    other): `sizes` are then those of the answer's chunks before the last, `empty_final` puts an empty one behind it;
    `outer` is the size of the pieces in which the answer leaves under the chunked transfer coding. `path` gets a token
    behind it for our target where another subject is the gateway.
    """
    del live
    gateway = await bench.counterpart(
        GATEWAY, AnsweringGateway, suite=bench.variant["suite"], entries=entries, first_key_id=first_key_id, also=also,
        answer=answer, known=known, sizes=sizes, empty_final=empty_final, outer=outer,
        hand_over=not fetches_keys(bench),
    )  # fmt: skip
    wanted = BinaryRequest(method, b"", b"", path, fields, content)
    keys, form = await keys_of(bench, gateway), in_chunks(bench, chunked)
    for role in (GATEWAY, RELAY) if form else ():
        if (other := bench.other(role)) is not None and "chunked" not in _features_of(other, role):
            bench.absent(f"{other.hello.name} has no chunked form")
    url = (await bench.counterpart(RELAY, Relay, told={"gateway": gateway.url})).url if through else gateway.url
    await tell(bench, url, keys, placed(bench, wanted, answer), chunked=form)


async def _relayed_client_fetch(bench: Bench, live: None = None, **settings: Any) -> None:
    """The client gets keys of a gateway and fetches one resource through a relay in front of it."""
    await client_fetch.drive(bench, live, through=True, **settings)


relayed_client_fetch = replace(
    client_fetch, name="relayed_client_fetch", drive=_relayed_client_fetch, meets=(RELAY, GATEWAY)
)
"""The same through a relay: ours, which records what the client sent, or another subject's."""


plain_client_fetch = replace(client_fetch, name="plain_client_fetch", needs=frozenset({"plain"}))
"""The same, by a client that has the form of RFC 9458."""


async def _chunked_client_fetch(
    bench: Bench, live: None = None, *, sizes: Sequence[int] = (60, 30), content: bytes = b"hello" * 20, **settings: Any
) -> None:
    """The client fetches one resource in the chunked form; the answer comes in pieces of these sizes and the rest.

    The first piece holds all that stands in front of the content, and the others the content.
    """
    await client_fetch.drive(bench, live, chunked=True, sizes=sizes, content=content, **settings)


chunked_client_fetch = replace(
    client_fetch, name="chunked_client_fetch", drive=_chunked_client_fetch, needs=frozenset({"chunked"})
)
"""The same in the chunked form, that of draft-ietf-ohai-chunked-ohttp-08."""


def fetches_keys(bench: Bench) -> bool:
    """Whether the client gets the keys by itself."""
    return "fetches-keys" in _features(bench)


def in_chunks(bench: Bench, wanted: bool | None) -> bool:
    """Whether the chunked form is asked for: where it is wanted, or the client has no other."""
    features = _features(bench)
    return ("chunked" in features and "plain" not in features) if wanted is None else wanted


def _features(bench: Bench) -> Sequence[str]:
    return _features_of(bench.subject, ROLE)


def _features_of(subject: Subject, role: str) -> Sequence[str]:
    offer = subject.hello.roles.get(role)
    return () if offer is None else offer.features


async def keys_of(bench: Bench, gateway: Served) -> Mapping[str, str]:
    """Keys as the client is told them: where they are, or the collection itself, which of another gateway we fetch."""
    where = str(gateway.more.get("keys") or gateway.url)
    if fetches_keys(bench):
        return {"keys_url": where}
    if "collection" in gateway.more:
        return {"keys": gateway.more["collection"]}
    connection = await bench.connect(where)
    return {"keys": (await get_keys(bench, connection, "keys-request", where=where)).content.hex()}


def placed(bench: Bench, wanted: BinaryRequest, answer: BinaryResponse | None) -> BinaryRequest:
    """The request for a target that is there: ours in the lab, which answers so if it is reached.

    A client that takes whatever it connects to for the target is told none.
    """
    if "own-authority" in _features(bench):
        if bench.other(GATEWAY) is not None:
            bench.absent("the client cannot be told a target other than the server that it connects to")
        return replace(wanted, scheme=b"http")
    if bench.lab is None or bench.other(GATEWAY) is None:
        target = urlsplit(NOWHERE if bench.lab is None else bench.lab.url)
        return replace(wanted, scheme=target.scheme.encode(), authority=target.netloc.encode())
    target = urlsplit(bench.lab.url)
    told = TargetAnswer() if answer is None else TargetAnswer(answer.status, answer.fields, answer.content)
    token = bench.target(told)
    more: dict[str, Any] = {} if answer is None else {"content": answer.content.hex()}
    bench.saw("target", fails=False, status=told.status, fields=texts(told.fields), **more)
    path = b"%s/%s" % (wanted.path, str(token).encode())
    return replace(wanted, scheme=target.scheme.encode(), authority=target.netloc.encode(), path=path)


async def tell(bench: Bench, url: str, keys: Mapping[str, str], wanted: BinaryRequest, **more: Any) -> None:
    """Let the client fetch it, and read what it says."""
    reply = await bench.do(OP, url=url, **keys, request=message_json(wanted), **more)
    if "ok" in reply:
        _said(reply)


__all__ = [
    "CLIENT_ERROR", "asked_differs", "client_ended", "client_fetch", "fetches_keys", "in_chunks", "keys_of",
    "placed", "plain_client_fetch", "relayed_client_fetch", "tell",
]  # fmt: skip
