from __future__ import annotations

import asyncio
import gc

import pytest

from conformance.engine.plan import NotRun
from conformance.engine.run import HOPELESS, YOUNG, Forget, counts
from conformance.engine.stream import Header, StreamWriter, read_run
from conformance.model import (
    ACCEPTED,
    Finding,
    Part,
    Watch,
)
from conformance.subjects import ObjectSubject
from tests.engine import toy
from tests.engine.kit import (
    NO,
    Kept,
    length,
    longer,
    made,
    raises,
    run,
    several,
    shown,
    standing,
    verdict,
)


def watching():
    seen = []

    def look(part):
        seen.append(id(part))
        yield Finding("as-expected", "fine")

    return seen, Watch("watch", "", toy.DECODER, ("toy/2/no-secrets",), look)


# ── lanes and twins ──


async def test_health_of_one_case_is_the_twin_of_the_next_and_is_stored_once(tmp_path):
    asked = []
    subject = toy.bent(lambda self, octets: asked.append(length(octets)))
    writer = StreamWriter(tmp_path / "events.ndjson")
    writer.header(Header(seed=1))
    outcomes = await run(several(3), subject, writer)
    writer.close()

    assert set(shown(outcomes).values()) == {"pass"}
    assert asked == [5, 100, 5, 101, 5, 102, 5], "one twin, then a change and health for each"
    stored = read_run(tmp_path / "events.ndjson")
    assert [r.parts for r in stored.verdicts] == [(1, 2, 3), (3, 4, 5), (5, 6, 7)]
    assert [p.name for p in stored.transcript(stored.verdicts[1]).parts] == ["health", "changed", "health"]


async def test_other_settings_have_a_twin_of_their_own():
    sink = Kept()
    cases = [made("a", longer(9)), made("b", longer(9), settings={"value": b"other"}), made("c", longer(9))]
    await run(cases, toy.Decoder, sink)

    assert [sink.told(c)[0] for c in "abc"] == ["1.1 twin"] * 3


async def test_lanes_run_side_by_side_and_no_more_than_were_asked_for():
    most = now = 0

    async def bend(self, octets):
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    outcomes = await run(several(80), toy.bent(bend), lanes=3)

    assert most == 3
    assert counts(outcomes.verdicts) == {"pass": 80}


@pytest.mark.parametrize("store", [True, False])
async def test_a_watch_sees_each_part_once(tmp_path, store):
    seen, watch = watching()
    sink = Kept() if store else Forget()
    outcomes = await run(several(5), toy.Decoder, sink, watches=[watch], lanes=2)

    assert len(seen) == sink.parts == 5 * 2 + 2
    assert verdict(outcomes, "watch").shown == "pass"
    assert sink.note("it says") is sink.verdict(None) is None


async def test_what_is_not_run_has_a_verdict_with_its_reason():
    case = made("far", longer(9))
    outcomes = await run([], toy.Decoder, not_run=[NotRun(case, {}, "unsupported", "it lacks that")])

    assert (verdict(outcomes, "far").shown, verdict(outcomes, "far").reason) == ("unsupported", "it lacks that")


async def test_parts_of_decided_cases_are_let_go():
    most = count = 0

    def progress(_):
        nonlocal most, count
        count += 1
        if count % 20:
            return
        gc.collect()
        most = max(most, sum(isinstance(o, Part) for o in gc.get_objects()))

    gc.collect()
    before = sum(isinstance(o, Part) for o in gc.get_objects())
    cases = [*several(100), *[made(f"wrong {k}", longer(5), expect=[toy.REFUSED]) for k in range(3)]]
    outcomes = await run(cases, toy.Decoder, Forget(), progress=progress, lanes=2, retry=False)

    assert counts(outcomes.verdicts) == {"pass": 100, "fail": 3}
    assert most - before < 20


# ── suspects, deaths, fresh starts ──


async def test_a_failure_is_tried_again_alone_on_a_fresh_start():
    sink = Kept()
    outcomes = await run([made("wrong"), *several(2)], toy.Decoder, sink)

    assert shown(outcomes) == {"wrong": "fail", "case 0": "pass", "case 1": "pass"}
    assert sink.told("wrong") == [
        "1.1 twin", "1.1 changed", "1.1 health", "2.2 twin", "2.2 changed", "2.2 health",
    ]  # fmt: skip


@pytest.mark.parametrize("how", [{"retry": False}, {"known": lambda verdict: verdict.case == "wrong"}])
async def test_a_failure_that_is_known_or_not_to_be_retried_runs_once(how):
    sink = Kept()
    outcomes = await run([made("wrong")], toy.Decoder, sink, **how)

    assert shown(outcomes) == {"wrong": "fail"}
    assert len(sink.kept) == 3


async def test_a_subject_that_is_wrong_only_once_leaves_it_open_with_the_rate():
    def bend(self, octets):
        return {"ok": {"value": ""}} if length(octets) == 9 and self.lives == 1 else None

    outcomes = await run([made("flaky", longer(9))], toy.bent(bend))

    assert shown(outcomes) == {"flaky": "inconclusive"}
    assert "seen in 1 of 2 attempts: changed: accepted-anyway" in outcomes.verdicts[0].reason


@pytest.mark.parametrize("lanes", [1, 4])
async def test_the_death_belongs_to_the_case_that_repeats_it(lanes):
    together = asyncio.Event()
    waiting = 0

    async def bend(self, octets):
        nonlocal waiting
        if self.lives == 1 and length(octets) >= 100 and lanes > 1:
            waiting += 1
            if waiting == lanes:
                together.set()
            await together.wait()
        return raises(102)(self, octets)

    sink = Kept()
    cases = several(6)
    for n, case in enumerate(cases):  # so that each lane has its own group
        case.settings = {"value": b"value%d" % (n % lanes)}
    outcomes = await run(cases, toy.bent(bend), sink, lanes=lanes)

    assert {c: s for c, s in shown(outcomes).items() if s != "pass"} == {"case 2": "crash"}
    assert [p.name for p in sink.of("case 2") if p.round == 2] == ["twin", "changed", "health"]
    in_company = [c.id for c in cases if any(p.round == 0 for p in sink.of(c.id))]
    assert ("case 2" in in_company) == (lanes > 1)
    assert not outcomes.unowned


async def test_a_death_that_nobody_repeats_alone_is_told():
    both = asyncio.Event()

    async def bend(self, octets):
        if self.lives == 1 and length(octets) >= 100:
            if length(octets) == 101:
                both.set()
            await both.wait()
            raise MemoryError("too much at once")

    sink = Kept()
    cases = several(2)
    cases[1].settings = {"value": b"other"}
    outcomes = await run(cases, toy.bent(bend), sink, lanes=2)

    assert set(shown(outcomes).values()) == {"pass"}
    (told,) = outcomes.unowned
    assert sink.notes == [told]
    assert "MemoryError: too much at once) while case" in told
    assert "case 0" in told
    assert "case 1" in told


async def test_health_that_fails_once_is_not_laid_to_the_change():
    def bend(self, octets):
        self.sick = getattr(self, "sick", False) or length(octets) == 100
        return NO if self.sick and self.lives == 1 and length(octets) == 5 else None

    outcomes = await run(several(2), toy.bent(bend))

    assert shown(outcomes) == {"case 0": "inconclusive", "case 1": "pass"}
    assert "health failed in 1 of 2 attempts" in verdict(outcomes, "case 0").reason


async def test_silence_after_a_change_is_a_hang():
    async def bend(self, octets):
        self.stuck = getattr(self, "stuck", False) or length(octets) == 100
        if self.stuck and length(octets) == 5:
            await asyncio.Event().wait()

    sink = Kept()
    outcomes = await run(several(2), toy.bent(bend), sink)

    assert shown(outcomes) == {"case 0": "hang", "case 1": "pass"}
    assert {p.generation for p in sink.of("case 1")} == {3}, "after the hang there was a fresh start"


async def test_a_subject_that_serves_only_so_often_has_crashed_in_no_case():
    def bend(self, octets):
        if self.count > 4:
            raise BrokenPipeError("enough for today")

    outcomes = await run(several(6), toy.bent(bend))

    assert set(shown(outcomes).values()) == {"pass", "inconclusive"}


class Falling(ObjectSubject):
    """Answers, and then is dead, behind the answer to a message of that length."""

    def __init__(self, make, lengths, lives):
        super().__init__(make)
        self.lengths, self.lives = lengths, lives

    async def do(self, op, given, patience=None):
        reply = await super().do(op, given, patience)
        self.asked = (*getattr(self, "asked", ()), length(bytes.fromhex(given.get("message", ""))))
        if self.generation <= self.lives and self.asked[-2:] == self.lengths:
            self._death = "fell over"
        return reply


@pytest.mark.parametrize(("lives", "what"), [(9, "crash"), (1, "inconclusive")])
async def test_death_behind_a_healthy_answer_is_seen(lives, what):
    outcomes = await run(several(3), Falling(toy.Decoder, (101, 5), lives))

    assert shown(outcomes) == {"case 0": "pass", "case 1": what, "case 2": "pass"}


async def test_twin_not_accepted_twice_leaves_open_all_cases_of_that_twin_without_asking_again():
    asked = []

    def bend(self, octets):
        asked.append(length(octets))
        return NO

    outcomes = await run(several(50), toy.bent(bend))

    assert asked == [5, 5], "on the first start, and on a fresh one"
    assert set(shown(outcomes).values()) == {"inconclusive"}
    assert verdict(outcomes, "case 0").reason == "the twin was not accepted, twice: refused"
    assert verdict(outcomes, "case 49").reason == "the twin was not accepted, as for case 0: refused"


async def test_twins_that_fail_in_company_are_tried_alone_and_then_left_open():
    asked = []

    async def bend(self, octets):
        asked.append(length(octets))
        await asyncio.sleep(0)
        return NO

    outcomes = await run([*several(60), made("alone", longer(9), needs={"alone"})], toy.bent(bend), lanes=2)

    assert len(asked) == 4
    assert set(shown(outcomes).values()) == {"inconclusive"}


async def test_a_twin_that_fails_once_runs_again_and_so_does_the_case_before():
    def bend(self, octets):
        self.seen = [*getattr(self, "seen", []), length(octets)]
        return NO if self.lives == 1 and 100 in self.seen and length(octets) == 6 else None

    sink = Kept()
    before, after = made("before", longer(100)), made("next", longer(101), settings={"value": b"second"})
    outcomes = await run([before, after], toy.bent(bend), sink)

    assert shown(outcomes) == {"before": "pass", "next": "pass"}
    assert sink.told("before") == ["0.1 twin", "0.1 changed", "0.1 health", "1.2 twin", "1.2 changed", "1.2 health"]
    assert sink.told("next") == ["1.1 twin", "2.3 twin", "2.3 changed", "2.3 health"]


async def test_what_is_shared_stays_with_the_case_before():
    """A case that runs into trouble is set aside without the part that it has of the case before."""
    sink = Kept()
    outcomes = await run([made("wrong"), made("deadly", longer(102))], toy.bent(raises(102)), sink)

    assert shown(outcomes) == {"wrong": "fail", "deadly": "crash"}
    assert [p.round for p in sink.of("wrong")] == [1, 1, 1, 2, 2, 2]
    assert sink.told("deadly")[0] == "1.1 health"


async def test_the_run_gives_up_when_no_twin_is_accepted_at_all():
    asked = []

    def bend(self, octets):
        asked.append(octets)
        return NO

    cases = several(40)
    for n, case in enumerate(cases):
        case.settings = {"value": b"%d" % n}
    outcomes = await run(cases, toy.bent(bend))

    assert len(asked) == 2 * HOPELESS
    assert "no exchange was accepted even without a change" in verdict(outcomes, "case 39").reason


async def test_cases_that_need_it_run_alone():
    now = set()
    met = []

    async def bend(self, octets):
        now.add(length(octets))
        await asyncio.sleep(0)
        met.append(sorted(now))
        now.discard(length(octets))

    cases = [*several(6), made("alone", longer(666), needs={"alone"})]
    outcomes = await run(cases, toy.bent(bend), lanes=3)

    assert [together for together in met if 666 in together] == [[666]]
    assert set(shown(outcomes).values()) == {"pass"}


async def test_attempts_are_told_apart_after_a_death():
    sink = Kept()
    each = {"mild": 100, "deadly": 102, "other": 103}
    case = made("each", body=longer, each=each)
    outcomes = await run([case, *several(1)], toy.bent(raises(102)), sink)

    assert shown(outcomes) == {"each": "crash", "case 0": "pass"}
    assert verdict(outcomes, "each").findings[-1].because.startswith("after the attempt deadly the subject serves")
    assert [p.name for p in sink.of("each") if p.round == 2] == ["twin", "mild", "health", "deadly", "health"]


async def test_attempts_after_a_violation_run_to_the_end_once_more():
    sink = Kept()
    case = made("each", body=longer, each={"right": 5, "wrong": 100}, expect=[ACCEPTED])
    outcomes = await run([case], toy.Decoder, sink)

    assert shown(outcomes) == {"each": "fail"}
    assert [p.name for p in sink.kept[4:]] == ["twin", "right", "health", "wrong", "health"]


# ── what is not ours to start ──


async def test_a_target_that_stays_dead_crashed_unrepeated_and_the_rest_is_left_open():
    subject = standing(raises(102))
    outcomes = await run(several(9), subject)

    told = shown(outcomes)
    assert [told[f"case {n}"] for n in range(9)] == ["pass", "pass", "crash", *["inconclusive"] * 6]
    assert "not repeated" in verdict(outcomes, "case 2").findings[-1].because
    assert verdict(outcomes, "case 8").reason == "the target serves nobody since case 2"
    assert subject.generation == 1


async def test_a_target_that_dies_in_company_leaves_all_of_them_open():
    async def bend(self, octets):
        await asyncio.sleep(0)
        raises(102)(self, octets)

    outcomes = await run(several(60), standing(bend), lanes=3)

    told = shown(outcomes)
    assert told["case 2"] == "inconclusive"
    assert "crash" not in told.values()
    assert "serves nobody since" in verdict(outcomes, "case 59").reason


async def test_one_exchange_that_a_target_lacks_does_not_end_the_run():
    def bend(self, octets):
        return NO if octets[2:] == b"lacking" else None

    lacking = [made(f"lacking {n}", longer(9), settings={"value": b"lacking"}) for n in range(3)]
    outcomes = await run([*several(2), *lacking, made("last", longer(9), settings={"value": b"fine"})], standing(bend))

    told = shown(outcomes)
    assert {told.pop(c.id) for c in lacking} == {"inconclusive"}
    assert set(told.values()) == {"pass"}


@pytest.mark.parametrize(
    ("before", "during"), [((700, 10, 10), YOUNG), ((0, 10, 10), 0), ((YOUNG + 1, 5, 5), YOUNG + 1)]
)
async def test_garbage_is_looked_for_rarely_and_only_during_a_run(before, during):
    seen = []

    def bend(self, octets):
        seen.append(gc.get_threshold()[0])

    was = gc.get_threshold()
    gc.set_threshold(*before)
    try:
        await run([made("one", longer(9))], toy.bent(bend))
        after = gc.get_threshold()
    finally:
        gc.set_threshold(*was)
    assert set(seen) == {during}
    assert after == before
