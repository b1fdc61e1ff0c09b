from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from conformance.bench import Peer, PeerSubject
from conformance.engine import mutants
from conformance.engine.mutants import Seen, kill_matrix, run_mutants, see, subject_for
from conformance.engine.session import run_session
from conformance.model import Case, Finding, Verdict, Watch
from conformance.subjects import ObjectSubject
from tests.engine import toy

FAULTS = {f.name: f for f in toy.FAULTS}
LENGTH, BEHIND = "toy/library/length-too-long", "toy/library/octets-behind"


async def all_seen(protocol=toy.PROTOCOL):
    roles = [(r.name, None) for r in protocol.roles]
    return [await see(protocol, role, fault) for role, fault in [*roles, *((f.role, f) for f in protocol.faults())]]


async def test_the_matrix_of_the_toy(monkeypatch):
    monkeypatch.setattr(mutants, "VANTAGES", ("127.0.0.1", "127.0.0.2"))
    matrix = kill_matrix(await all_seen(), FAULTS, toy.PROTOCOL)

    assert {(k.fault, k.case, k.requirement, k.observation) for k in matrix.kills} == {
        ("accepts-wrong-length", LENGTH, "toy/1/length-holds", "violation"),
        ("dies-of-wrong-length", LENGTH, "toy/1/length-holds", "crash"),
        *(("forgets-session", c, "toy/2/session-survives", "violation") for c in matrix.cases if "server/" in c),
    }  # fmt: skip
    assert matrix.surviving == []
    assert matrix.excused == {"toy/library/sizes": "no fault of ours loses values"}
    clients = ["toy/client/meetings", "toy/client/wrong-length-met"]
    assert sorted(matrix.unproven) == sorted([*clients, "toy/library/no-secrets", BEHIND, "toy/library/twice"])
    assert matrix.reference == []
    # It dies of octets behind the value too, which breaks nothing that this fault is said to break.
    assert [(case, fault) for case, fault, _ in matrix.unrelated] == [(BEHIND, "dies-of-wrong-length")]
    assert not matrix.whole


def verdict(case, shown="fail", *findings, **requirements):
    decided = {name.replace("_", "/"): how for name, how in requirements.items()} or {"toy/1/length-holds": shown}
    return Verdict(case, {}, shown, "", findings, decided)


BAD, DEAD = Finding("violation", "it did"), Finding("crash", "it died")


@pytest.mark.parametrize(
    ("fault", "reference", "mutant", "kills", "unrelated"),
    [
        ("accepts-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "fail", BAD), 1, 0),
        # what the reference shows too is no kill, and a verdict that was not reached neither
        ("accepts-wrong-length", verdict(LENGTH, "fail", BAD), verdict(LENGTH, "fail", BAD), 0, 0),
        ("accepts-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "inconclusive", BAD), 0, 0),
        # twice in one case counts once
        ("accepts-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "fail", BAD, BAD), 1, 0),
        # a crash counts only where the fault declares it
        ("accepts-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "crash", DEAD), 0, 0),
        ("dies-of-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "crash", DEAD), 1, 0),
        ("dies-of-wrong-length", verdict(LENGTH, "pass"), verdict(LENGTH, "fail", BAD), 0, 0),
        # a fault that breaks nothing of the case's own
        ("forgets-session", verdict(LENGTH, "pass"), verdict(LENGTH, "fail", BAD), 0, 1),
        # what a finding is about is not what the case decides on the side
        (
            "accepts-wrong-length",
            verdict(BEHIND, "pass"),
            verdict(BEHIND, "fail", replace(BAD, requirement="toy-draft/1/zeros-refused")),
            0,
            0,
        ),
    ],
)
def test_what_is_a_kill(fault, reference, mutant, kills, unrelated):
    seen = [Seen("", toy.DECODER, (reference,)), Seen(fault, toy.DECODER, (mutant,))]
    matrix = kill_matrix(seen, {fault: FAULTS[fault]}, toy.PROTOCOL)

    assert (len(matrix.kills), len(matrix.unrelated)) == (kills, unrelated)
    assert matrix.surviving == ([] if kills else [fault])
    assert matrix.reference == ([(reference.case, "fail", "")] if reference.shown == "fail" else [])


async def test_a_mutant_that_cannot_be_reached_survives_and_a_reference_that_cannot_is_told():
    def make():
        raise OSError("no library")

    broken = replace(toy.PROTOCOL, peers=lambda: {toy.DECODER: make, toy.SERVED: toy.Server}, faults=lambda: [silent])
    silent = replace(FAULTS["forgets-session"], make=make)
    seen = [await see(broken, toy.DECODER, None), await see(broken, toy.SERVED, silent)]
    matrix = kill_matrix(seen, {silent.name: silent}, broken)

    assert matrix.reference[0][:2] == (toy.DECODER, "unreachable")
    assert matrix.surviving == [silent.name]
    assert not matrix.whole


def late(lives: int, *breaks: str):
    """A mutant whose first lives say nothing to what they should refuse, as on a machine that has no time for them."""

    def bend(self, octets):
        ours = octets[2:7] == b"hello"  # and no question to which only a liar has an answer
        return asyncio.Event().wait() if self.lives <= lives and ours and toy.lawful(octets) is None else None

    return toy.fault("late", toy.DECODER, bend, *breaks)


@pytest.mark.parametrize("breaks", [("toy/2/session-survives",), ("toy/1/*",)])
async def test_what_only_came_too_late_is_seen_again_with_patience(monkeypatch, breaks):
    monkeypatch.setattr(mutants, "MUTANT_PATIENCE", 0.02)
    seen = await see(toy.PROTOCOL, toy.DECODER, late(2, *breaks))

    assert {v.case: v.shown for v in seen.verdicts if v.shown != "pass"} == {}


async def test_few_that_show_the_same_with_patience_vouch_for_the_others(monkeypatch):
    monkeypatch.setattr(mutants, "MUTANT_PATIENCE", 0.02)
    monkeypatch.setattr(mutants, "PATIENT", 0.02)
    monkeypatch.setattr(mutants, "CONFIRMED", 1)
    asked = []

    async def counted(request):
        asked.append(list(request.include))
        return await run_session(request)

    monkeypatch.setattr(mutants, "run_session", counted)
    seen = await see(toy.PROTOCOL, toy.DECODER, late(100, "toy/1/nothing-behind", "toy-draft/*"))

    # What the fault does not break comes first; it is silent there with patience too, so the other one is believed.
    assert asked == [[], [LENGTH]]
    assert {v.case: v.shown for v in seen.verdicts}[BEHIND] == "fail"


def test_peers_and_objects_become_subjects():
    class Served(Peer):
        role = toy.SERVED

        async def start(self): ...

        async def stop(self): ...

    assert isinstance(subject_for(Served, 3), PeerSubject)
    assert isinstance(subject_for(toy.Decoder), ObjectSubject)


class Inline:
    """Runs jobs here, in a loop of their own, instead of in other processes."""

    def __init__(self, workers, mp_context=None):
        self.workers = workers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def map(self, work, jobs):
        return map(work, jobs)


@pytest.mark.parametrize(
    ("chosen", "ran"),
    [
        ({}, {("", toy.DECODER), ("", toy.SERVED), ("", toy.MEETER), *((f.name, f.role) for f in toy.FAULTS)}),
        ({"roles": [toy.SERVED]}, {("", toy.SERVED), ("forgets-session", toy.SERVED)}),
        ({"names": ["dies-of-wrong-length"]}, {("", toy.DECODER), ("dies-of-wrong-length", toy.DECODER)}),
    ],
)
def test_mutants_run_in_workers(monkeypatch, chosen, ran):
    monkeypatch.setattr(mutants, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(mutants, "protocols", lambda: {"toy": toy.PROTOCOL})
    seen = []
    matrix = run_mutants(toy.PROTOCOL, progress=seen.append, **chosen)

    assert {(s.fault, s.role) for s in seen} == ran
    assert matrix.faults == sorted(f for f, _ in ran if f)
    assert matrix.surviving == []


def a_case(name, requirement, each=(), needs=(), exchange=toy.decode):
    return Case(f"toy/library/{name}", "doc", exchange, (requirement,), lambda _=None: (),
                each={str(e): e for e in each}, needs=frozenset(needs))  # fmt: skip


def test_of_cases_that_a_fault_breaks_nothing_of_only_a_few_attempts_are_run(monkeypatch):
    fault = FAULTS["accepts-wrong-length"]
    own, other = "toy/1/length-holds", "toy/1/every-length"
    cases = [
        a_case("own", own, range(9)),
        a_case("own-heavy", own, needs=["bulk"]),
        a_case("few", other, range(mutants.SAMPLE)),
        a_case("many", other, range(9)),
        a_case("heavy", other, needs=["alone"]),
        a_case("of-another-role", other, range(9), exchange=toy.ask),
        Watch("toy/library/watch", "doc", toy.DECODER, (other,), lambda _: ()),
    ]
    monkeypatch.setattr(mutants, "load_cases", lambda _: cases)

    left_out, attempts = mutants._sample(toy.PROTOCOL, toy.DECODER, fault)

    assert left_out == {"toy/library/heavy"}
    assert attempts == {"toy/library/many": ["0", "4", "8"]}
