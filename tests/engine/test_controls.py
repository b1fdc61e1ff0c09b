from __future__ import annotations

import itertools

import pytest

from conformance.bench import Setup
from conformance.engine.attempts import groups_of
from conformance.engine.plan import Planned
from conformance.model import (
    ACCEPTED,
    STREAM_ERROR,
    Change,
    Ended,
    Exchange,
)
from conformance.subjects import ObjectSubject
from conformance.wire import DecodeError
from tests.engine import toy
from tests.engine.kit import (
    PATIENCE,
    Kept,
    longer,
    made,
    run,
    several,
    shown,
)


class Leaving:
    """What the server of `sessions` has still open."""

    def __init__(self, *, scope="session", opened=True):
        self.scope, self.open = scope, opened


async def test_health_is_tried_in_what_the_change_left_open():
    def bend(self, octets):
        return {"ok": {"value": octets[2:].hex(), "leaves": True}} if octets[2:] == b"bye" else None

    sink = Kept()
    subject = ObjectSubject(toy.bent(bend, toy.Server))
    setup = Setup(subject, toy.SERVED, lambda: 0.0, patience=PATIENCE)
    bye = made("bye", Change("message", "value", "put", (b"bye",)), exchange=toy.ask, expect=[ACCEPTED])
    cases = [made("stays", longer(9), exchange=toy.ask), bye]
    outcomes = await run(cases, subject, sink, setup=setup, variant={"http": 1})

    assert set(shown(outcomes).values()) == {"pass"}
    assert [(p.name, p.scope) for p in sink.of("stays")][2:] == [("health", "session"), ("health", "subject")]
    assert [(p.name, p.scope) for p in sink.of("bye")][2:] == [("health", "subject")]


@pytest.mark.parametrize(
    ("outcome", "tried"), [(STREAM_ERROR, True), (STREAM_ERROR.at("9"), False), (toy.REFUSED, False)]
)
@pytest.mark.parametrize("opened", [True, False])
async def test_health_is_tried_in_a_connection_that_outlives_the_allowed_end_of_its_stream(outcome, tried, opened):
    async def drive(bench, live=None):
        bench.live = live or Leaving(opened=opened)
        built = bench.point("message", toy.message(b"hello"))
        if toy.lawful(built.octets) is None:
            bench.saw("stream-error", code="1")
            raise Ended("stream-error")
        await bench.do("bhttp.decode", message=built.octets.hex())

    sink = Kept()
    exchange = Exchange("stream", toy.DECODER, drive, toy.ended)
    await run([made("cut", longer(9), exchange=exchange, expect=[outcome])], toy.Decoder, sink)

    assert [p.scope for p in sink.kept[:4]].count("session") == (tried and opened)


async def test_a_script_is_its_steps():
    async def steps(bench):
        await toy.decode(bench.part("first", longer(9)))
        await toy.decode(bench.part("second"))

    sink = Kept()
    case = made("script", body=steps, expect={"first": [toy.REFUSED], "second": [ACCEPTED]}, repeat=2)
    outcomes = await run([case], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "pass"}
    assert [(p.name, p.turn) for p in sink.kept] == [
        ("twin", 1), ("first", 1), ("second", 1), ("first", 2), ("second", 2), ("health", 1),
    ]  # fmt: skip


async def test_a_script_that_is_its_own_only_step():
    async def direct(bench):
        await toy.decode(bench)

    sink = Kept()
    outcomes = await run([made("script", body=direct, expect=[ACCEPTED])], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "pass"}
    assert [p.name for p in sink.kept] == ["twin", "script", "health"]


async def test_a_script_without_a_step_reaches_none():
    async def nothing(bench):
        return

    sink = Kept()
    outcomes = await run([made("script", body=nothing, expect={"first": [ACCEPTED]})], toy.Decoder, sink)

    assert shown(outcomes) == {"script": "inconclusive"}
    assert [p.name for p in sink.kept] == ["twin", "health"]


@pytest.mark.parametrize(
    ("why", "what"),
    [(DecodeError("answer", 0, "is odd"), "fail"), (ValueError("ours"), "error"), (None, "not-applicable")],
)
async def test_what_ends_a_script_is_seen_at_its_last_step_and_ends_the_repetitions(why, what):
    async def steps(bench):
        first = bench.part("first")
        first.saw("opened")
        if why is None:
            bench.absent("nobody offers that")
        raise why

    sink = Kept()
    case = made("script", body=steps, expect={"first": [ACCEPTED]}, repeat=5)
    outcomes = await run([case], toy.Decoder, sink, retry=False)

    assert shown(outcomes) == {"script": what}
    assert [p.name for p in sink.kept] == ["twin", "first", "health"]


async def test_seeds_make_a_run_repeatable():
    async def drive(bench, live=None):
        bench.saw("drawn", number=bench.rng.random())
        await toy.decode.drive(bench)

    async def drawn(seed):
        sink = Kept()
        exchange = Exchange("drawn", toy.DECODER, drive, toy.ended)
        await run([made("any", longer(9), exchange=exchange)], toy.Decoder, sink, seed=seed)
        return [p.last("drawn").value["number"] for p in sink.kept]

    assert await drawn(1) == await drawn(1)
    assert await drawn(1) != await drawn(2)


def test_groups_are_of_one_twin_and_not_too_long():
    planned = [Planned(case, {}) for case in several(60)]

    assert [len(g) for g in groups_of(planned, 1)] == [24, 24, 12]
    assert [len(g) for g in groups_of(planned, 10)] == [6] * 10
    assert list(itertools.chain(*groups_of(planned, 7))) == planned


def test_what_waits_long_is_a_group_of_its_own():
    slow = [Planned(made(f"slow {n}", longer(9), needs=frozenset({"slow"})), {}) for n in range(2)]
    quick = [Planned(case, {}) for case in several(3)]

    assert groups_of([*slow, *quick], 1) == [[slow[0]], [slow[1]], quick]
    assert groups_of([*quick, *slow], 1) == [quick, [slow[0]], [slow[1]]]
