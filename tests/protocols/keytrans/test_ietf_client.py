"""The reference log and client against each other, and what the exchange makes of what they say."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conformance.bench import Quiet
from conformance.cases import flip, put
from conformance.engine.records import decode_part, encode_part
from conformance.model import ACCEPTED, ANYWAY, WRONG, Event, Part
from conformance.protocols.keytrans.exchanges._search import (
    LABEL,
    REJECTED,
    SUITES,
    TARGET,
    VERSIONS,
    ended,
    made_history,
    replayed,
    value_of,
)
from conformance.protocols.keytrans.messages.ietf import SearchRequest, decode_search_response
from conformance.protocols.keytrans.messages.ietf_suites import ED25519
from conformance.protocols.keytrans.peers.client import Client
from conformance.protocols.keytrans.peers.client_search import Refused, Retained, Search
from conformance.protocols.keytrans.peers.log import Log
from conformance.protocols.keytrans.peers.log_history import History, view_of
from conformance.protocols.keytrans.trees import INCLUSION
from conformance.wire import DecodeError

NOW = 1_800_000_000_000


def history(size: int, suite: str = ED25519.name, versions: Any = VERSIONS, **more: Any) -> History:
    settings = {"label": LABEL, "versions": versions, "value": b"", "spacing": 1000}
    settings |= {"window": None, "lifetime": None, "negative": None} | more
    return made_history(suite, size, NOW - 60_000, **settings)


def answered(log: History, version: int | None, last: int | None = None, heads: Any = ()) -> bytes:
    """The log's answer, without HTTP."""
    peer = Log(Quiet(), {}, log)
    peer.heads |= set(heads)
    asked = SearchRequest(LABEL, version, last)
    view = peer.view()
    target = view.greatest(LABEL) if version is None else version
    assert target is not None
    return peer.answer(view, asked, target).encode()


def verified(log: History, version: int | None, known: Retained | None, answer: bytes) -> tuple[Retained, bytes]:
    asked = SearchRequest(LABEL, version, known.size if known else None)
    return Search(log.configuration(), known, asked, NOW).verify(answer)


@pytest.mark.parametrize("seed", range(20))
def test_a_client_follows_a_log_wherever_it_goes(seed: int) -> None:
    rng = random.Random(seed)
    versions = tuple(sorted(rng.randrange(25) for _ in range(rng.randint(1, 12))))
    size, known, spacing = versions[0] + 1, None, rng.choice((0, 7))
    while size < 40:
        log = history(size, versions=versions, spacing=spacing)
        there = [v for v, entry in enumerate(versions) if entry < size]
        for version in (rng.choice(there), None):
            heads = {(size, view_of(log.recipe().build().fields).log.root)}
            answer = answered(log, version, known.size if known else None, heads)
            known, value = verified(log, version, known, answer)
            assert value == value_of(there[-1] if version is None else version)
            assert known.size == size
        size += rng.randint(1, 9)
        if not size % 3:
            known = None  # another client


@pytest.mark.parametrize("suite", SUITES)
def test_the_version_stands_deep_enough_for_absence_to_be_forged_on_the_way(suite: str) -> None:
    """Each node that `cases.client.absence` names is another one."""
    view = view_of(history(11, suite).recipe().build().fields)
    found = view.trees[7].search(view.held[LABEL, TARGET].leaf.key)
    assert found.kind == INCLUSION
    assert found.depth >= 5


def test_no_changed_octet_of_an_answer_is_taken() -> None:
    log = history(11)
    known, _ = verified(log, TARGET, None, answered(log, TARGET))
    grown = history(13)
    for state, answer in ((None, answered(log, TARGET)), (known, answered(grown, TARGET, 11))):
        whole = verified(grown, TARGET, state, answer)
        taken = []
        for at in range(0, len(answer), 3):
            changed = answer[:at] + bytes([answer[at] ^ (1 << at % 8)]) + answer[at + 1 :]
            try:
                if verified(grown, TARGET, state, changed) != whole:
                    taken.append(at)
            except (Refused, DecodeError):
                continue
            else:
                taken.append(at)
        assert taken == []


def test_every_cut_is_malformed() -> None:
    answer = answered(history(5), TARGET)
    decode_search_response(answer, ED25519)
    for at in range(len(answer)):
        with pytest.raises(DecodeError):
            decode_search_response(answer[:at], ED25519)


@pytest.fixture
async def pair() -> Any:
    """A log that serves, and a client that knows it."""
    log = Log(Quiet(), {}, history(11))
    served = await log.start()
    client = Client()
    client.clock = lambda: NOW
    assert await client.keytrans_client_init(served.more["config"], served.url) == {"ok": {}}
    yield log, client
    await log.stop()


async def test_a_refused_answer_leaves_the_client_as_it_was(pair: Any) -> None:
    log, client = pair
    assert "ok" in await client.keytrans_client_search(LABEL.hex(), TARGET)
    before = client.retained
    log.bench = Quiet(changes=(flip("answer.full_tree_head.tree_head.signature.octets", 0),))
    log.history = history(13)
    assert (await client.keytrans_client_search(LABEL.hex(), TARGET))["refused"]["class"] == "signature"
    assert client.retained == before
    log.bench = Quiet()
    assert "ok" in await client.keytrans_client_search(LABEL.hex(), TARGET)
    assert client.retained.size == 13


@pytest.mark.parametrize(
    ("label", "version", "kind"),
    [(LABEL, 5, "http-404"), (b"nobody", 0, "http-404"), (b"nobody", None, "http-404")],
)
async def test_what_is_not_there_is_not_found(pair: Any, label: bytes, version: int | None, kind: str) -> None:
    _, client = pair
    reply = await client.keytrans_client_search(label.hex(), version)
    assert reply["refused"]["class"] == kind
    assert client.retained is None


async def test_the_log_refuses_what_is_no_request(pair: Any) -> None:
    _, client = pair
    with pytest.raises(Refused, match="400"):
        await client.post("/kt/v1/search", b"\2")
    with pytest.raises(Refused, match="404"):
        await client.post("/kt/v1/nothing", b"")


async def test_the_greatest_version_is_found(pair: Any) -> None:
    _, client = pair
    assert await client.keytrans_client_search(LABEL.hex()) == {"ok": {"value": value_of(4).hex(), "version": None}}


async def test_a_client_without_a_log_searches_nothing() -> None:
    client = Client()
    assert "refused" in await client.keytrans_client_search(LABEL.hex(), 0)
    assert "refused" in await client.keytrans_client_init("00", "http://127.0.0.1:1")
    managed = history(3).configuration().encode()
    managed = managed[:2] + b"\2" + managed[3:]
    assert "ok" not in await client.keytrans_client_init(managed.hex(), "http://127.0.0.1:1")


# what the exchange makes of records


def recorded(answer: bytes, reply: dict[str, Any]) -> Part:
    """A part in which one search was answered so."""
    log = history(11)
    events: list[tuple[str, str, dict[str, Any], bytes]] = [
        ("asked", "keytrans.client.init", {"config": log.configuration().encode().hex(), "url": ""}, b""),
        ("reply", "keytrans.client.init", {"ok": {}}, b""),
        ("clock", "", {"now": NOW}, b""),
        ("asked", "keytrans.client.search", {"label": LABEL.hex(), "version": TARGET}, b""),
        ("received", "request", {"last": None}, b""),
        ("sent", "answer", {}, answer),
        ("reply", "keytrans.client.search", reply, b""),
    ]
    return Part("changed", events=[Event(0.0, "", what, name, value, octets) for what, name, value, octets in events])


def test_outcomes_follow_from_records_alone() -> None:
    right = answered(history(11), TARGET)
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    said = {"ok": {"value": value_of(TARGET).hex()}}
    seen = [
        (recorded(right, said), ACCEPTED),
        (recorded(wrong, said), ANYWAY),
        (recorded(right, {"ok": {"value": "00"}}), WRONG),
        (recorded(right, {"ok": {}}), WRONG),
        (recorded(wrong, {"refused": {"class": "proof"}}), REJECTED),
        (recorded(right, {"refused": {"class": "proof"}}), REJECTED),
    ]
    for part, outcome in seen:
        assert ended(part) == outcome
        assert ended(decode_part(encode_part(part))) == outcome
    assert replayed(seen[0][0])[0].advertised is None


def test_a_change_in_the_history_is_rooted_and_signed_anew() -> None:
    log = history(11)
    change = put("log.entry[2].prefix_tree", bytes(32))
    peer = Log(Quiet(changes=(change,)), {}, log)
    answer = peer.answer(peer.view(), SearchRequest(LABEL, TARGET), TARGET).encode()
    state, value = verified(log, TARGET, None, answer)
    honest, _ = verified(log, TARGET, None, answered(log, TARGET))
    assert value == value_of(TARGET)
    assert state.heads[0] != honest.heads[0]
