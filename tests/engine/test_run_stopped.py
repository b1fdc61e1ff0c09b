from __future__ import annotations

import asyncio

import pytest

from conformance.bench import Setup
from conformance.engine.plan import NotRun
from conformance.engine.run import counts
from conformance.model import (
    AdapterError,
    Finding,
    Watch,
)
from conformance.subjects import ObjectSubject
from tests.engine import toy
from tests.engine.kit import (
    PATIENCE,
    Kept,
    length,
    longer,
    made,
    run,
    runner,
    several,
    shown,
    verdict,
)


def watching():
    seen = []

    def look(part):
        seen.append(id(part))
        yield Finding("as-expected", "fine")

    return seen, Watch("watch", "", toy.DECODER, ("toy/2/no-secrets",), look)


async def test_fail_fast_stops_and_says_why():
    cases = [*several(2), made("wrong"), *[made(f"later {n}", longer(9), settings={"value": b"x"}) for n in range(3)]]
    outcomes = await run([*cases, made("too", settings={"value": b"x"})], toy.Decoder, fail_fast=1)

    told = shown(outcomes)
    assert told["wrong"] == "fail"
    assert outcomes.dead == "the run was stopped after 1 failures, as --fail-fast asks"
    assert told["too"] == "inconclusive"


async def test_fail_fast_leaves_open_what_did_not_run():
    cases = [made("known"), made("wrong"), *several(30)]
    how = {"fail_fast": 1, "retry": False, "known": lambda v: v.case == "known"}
    outcomes = await run(cases, toy.Decoder, **how)

    assert counts(outcomes.verdicts) == {"fail": 2, "inconclusive": 30}
    assert "--fail-fast" in verdict(outcomes, "case 29").reason


async def test_cancellation_keeps_what_was_seen_and_leaves_open_the_rest():
    reached = asyncio.Event()

    async def bend(self, octets):
        if length(octets) == 103:
            reached.set()
            await asyncio.Event().wait()

    sink = Kept()
    cases = [made("wrong"), *several(6)]
    subject = ObjectSubject(toy.bent(bend))
    setup = Setup(subject, toy.DECODER, lambda: 0.0, patience=60)
    task = asyncio.create_task(run(cases, subject, sink, setup=setup))
    await reached.wait()
    task.cancel()
    outcomes = await task

    assert outcomes.interrupted
    told = shown(outcomes)
    assert [told[f"case {n}"] for n in range(6)] == ["pass", "pass", "pass", *["inconclusive"] * 3]
    assert told["wrong"] == "fail", "seen once, and kept"
    assert verdict(outcomes, "case 5").reason == "the run was interrupted before"
    assert not task.cancelling()
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})


async def test_a_run_can_be_left_before_it_began():
    _, watch = watching()
    case = made("far", longer(9))
    leaving = runner(several(2), toy.Decoder, watches=[watch], not_run=[NotRun(case, {}, "unsupported", "no")])
    outcomes = await leaving.leave("there is no time")

    assert shown(outcomes) == dict.fromkeys(("case 0", "case 1", "watch"), "inconclusive") | {"far": "unsupported"}
    assert outcomes.interrupted


@pytest.mark.parametrize("script", [False, True])
async def test_the_rate_is_kept_by_every_exchange(script):
    now = 0.0
    begun = []

    async def sleep(seconds):
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    async def three(bench):
        for n in range(3):
            await toy.decode(bench.part(f"step {n}"))

    def clock():
        return now

    subject = ObjectSubject(toy.bent(lambda self, octets: begun.append(now)))
    setup = Setup(subject, toy.DECODER, clock, patience=PATIENCE)
    cases = [made("script", body=three, expect={}, own_judge=lambda _: ())] * 2 if script else several(5)
    how = {"setup": setup, "rate": 4, "sleep": sleep}
    await run(cases[:1] if script else cases, subject, **how)

    assert len(begun) == (5 if script else 11)
    assert all(sum(start <= t < start + 1 for t in begun) <= (6 if script else 4) for start in begun)
    assert now == pytest.approx((len(begun) - 1) / 4)
