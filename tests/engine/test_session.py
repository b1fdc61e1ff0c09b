from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance.bench import CLIENT, Found, Hello, Role, RoleOffer
from conformance.engine import session
from conformance.engine.again import judge_again
from conformance.engine.baseline import Baseline, Expected
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.run import Outcomes
from conformance.engine.session import Other, Request, Session, run_session
from conformance.engine.stream import Known, read_run
from conformance.model import AdapterError, Case, EnvironmentProblem, Unreachable, Verdict
from conformance.subjects import ObjectSubject, SeveralSubject
from tests.engine import toy
from tests.engine.kit import PATIENCE, length

CASES = {c.id: c for c in load_cases(toy.PROTOCOL)}
ROWS = load_catalogue([toy.PROTOCOL]).requirements
DRAFT = "toy-draft/1/zeros-refused"


def request(subject=toy.Decoder, **more):
    subject = subject if isinstance(subject, ObjectSubject | SeveralSubject) else ObjectSubject(subject, name="toy")
    return Request(subject, [toy.PROTOCOL], title="toy", patience=PATIENCE, **more)


def both(server=toy.Server, decoder=toy.Decoder):
    return SeveralSubject("both", [ObjectSubject(decoder), ObjectSubject(server)], "1.0")


def shown(result):
    return {v.case.split("/", 1)[1]: v.shown for v in result.verdicts}


async def run(asked, events=None, **how):
    _, result = await run_session(asked, events, **how)
    return result


async def again(events):
    """Judge a stored run again: nothing changes, watches included."""
    stored = read_run(events)
    rejudged = list(judge_again(stored, CASES, ROWS))
    assert [r.stored for r in rejudged] == [r.verdict for r in stored.verdicts]
    assert [r for r in rejudged if not r.same] == []
    return {r.stored.case: r.now for r in rejudged}


# ── from end to end ──


async def test_a_run_of_both_roles(tmp_path):
    said, seen = [], []
    result = await run(request(both()), tmp_path / "events.ndjson", say=said.append, progress=seen.append)
    run_ = read_run(tmp_path / "events.ndjson")

    assert (result.exit, result.notes, result.events) == (0, [], tmp_path / "events.ndjson")
    assert shown(result) == {
        "library/length-too-long": "pass", "library/octets-behind": "pass", "library/sizes": "pass",
        "library/twice": "pass", "library/no-secrets": "pass", "server/length-too-short": "pass",
        "server/length-after-a-greeting": "pass", "server/length-seen-from-afar": "not-applicable",
    }  # fmt: skip
    assert len(seen) == len(result.verdicts) == 9, "one case in two variants"
    assert said == ["toy.server: it answers"]
    header = run_.header
    assert header.documents == {"toy": "first", "toy-draft": "-00"}
    assert header.subject["roles"] == [toy.DECODER, toy.SERVED]
    assert header.subject["found"] == ["it answers"]
    scope = header.scope
    assert (scope["profile"], scope["gating"], scope["in_scope"], scope["of"]) == ("full", ["toy"], 7, 8)
    assert run_.footer is not None
    assert (run_.footer.exit, run_.footer.counts, run_.intact) == (0, {"pass": 8, "not-applicable": 1}, True)
    rejudged = await again(tmp_path / "events.ndjson")
    assert rejudged["toy/library/no-secrets"].reason == "nothing in 15 parts"


async def test_the_denominator_is_every_requirement_that_binds_the_roles(tmp_path):
    await run(request(), tmp_path / "events.ndjson")
    rows = set(read_run(tmp_path / "events.ndjson").requirements)

    assert rows == {r for r in ROWS if r != "toy/2/session-survives"}
    await run(request(both(), roles=[toy.SERVED]), tmp_path / "events.ndjson")
    assert set(read_run(tmp_path / "events.ndjson").requirements) == {
        "toy/1/length-holds", "toy/2/session-survives", "toy/2/no-secrets",
    }  # fmt: skip


async def test_what_is_cited_is_stored_even_where_it_does_not_bind(tmp_path, monkeypatch):
    case = CASES["toy/library/twice"]
    steps = {"first": [toy.ACCEPTED], "second": [toy.ACCEPTED.per("toy/2/session-survives")]}
    monkeypatch.setattr(session, "load_cases", lambda _: [replace(case, expect=steps)])
    await run(request(), tmp_path / "events.ndjson")

    assert "toy/2/session-survives" in read_run(tmp_path / "events.ndjson").requirements


async def test_without_a_stream_the_result_is_the_same():
    assert (await run(request())).counts == {"pass": 5}


# ── what is found, and what is in scope ──


async def test_nothing_to_test_is_unreachable():
    subject = ObjectSubject(toy.Server)
    with pytest.raises(Unreachable, match="nothing to test was found at toy; no Toy server answers there"):
        await run(request(subject, options={"nobody": "1"}))
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})
    with pytest.raises(Unreachable, match=r"nothing to test was found at toy as toy\.other"):
        await run(request(roles=["toy.other"]))


async def test_a_probe_that_reaches_nobody_is_told():
    async def probe(url, **settings):
        raise Unreachable(f"nobody takes connections at {url}")

    asked = replace(request(toy.Server), protocols=[replace(toy.PROTOCOL, probe=probe)])
    with pytest.raises(Unreachable, match="found at toy; nobody takes connections at http"):
        await run(asked)


async def test_a_subject_that_says_nothing_of_itself_may_be_any_server():
    class Mute(toy.Server):
        hello = Hello("mute", operations=("toy.open", "toy.ask"))

    result = await run(request(Mute))

    assert set(shown(result)) == {n for n in shown(result) if n.startswith("server/")}
    assert result.exit == 0


async def test_an_adapter_that_does_not_start_is_told_and_all_is_closed():
    def make():
        raise OSError("no library")

    asked = request(ObjectSubject(make, name="gone"))
    made = Session(asked)
    with pytest.raises(AdapterError, match="gone: cannot be made"):
        await made.prepare()
    assert made.lab is not None
    await made.close()
    assert made.lab is None
    with pytest.raises(AdapterError, match="gone: cannot be made"):
        await run(asked)


async def test_the_lab_is_closed_also_when_the_subject_does_not_stop():
    class Stubborn(ObjectSubject):
        async def stop(self):
            raise AdapterError("will not stop")

    made = Session(request(Stubborn(toy.Decoder)))
    await made.prepare()
    with pytest.raises(AdapterError, match="will not stop"):
        await made.close()
    assert made.lab is None


async def test_variants_are_what_subject_and_probe_agree_on(tmp_path):
    await run(request(toy.Server), tmp_path / "events.ndjson")
    stored = read_run(tmp_path / "events.ndjson")

    assert stored.header.scope["variants"] == [
        "{'http': 1, 'suite': 'a'}", "{'http': 2, 'suite': 'a'}",
    ]  # fmt: skip
    only = await run(request(toy.Server, only={"http": (2,)}))
    assert {v.variant.get("http") for v in only.verdicts} == {2, None}
    base = await run(request(toy.Server, base_only=True))
    assert len([v for v in base.verdicts if v.case.endswith("short")]) == 1


def test_axes_that_the_probe_did_not_look_at_are_the_subjects():
    own = RoleOffer(("f",), {"http": (1, 2), "type": (3,)})
    narrowed = session._narrowed(own, RoleOffer(("g",), {"http": (2,), "suite": ("a",)}))

    assert narrowed == RoleOffer(("f", "g"), {"http": (2,), "type": (3,), "suite": ("a",)})


FAR = "server/length-seen-from-afar"


@pytest.mark.parametrize(
    ("more", "what", "reason"),
    [
        ({"vantages": ["127.0.0.1", "127.0.0.2"]}, "pass", ""),
        ({}, "not-applicable", "one vantage point sees nothing"),
        ({"remote": True, "vantages": ["a", "b"]}, "not-applicable", "no target of ours can be reached from there"),
        ({"remote": True, "vantages": ["a", "b"], "listen": "127.0.0.1", "reachable_as": "here"}, "pass", ""),
        ({"options": {"reduced": "behind a wall"}, "vantages": ["a", "b"]}, "not-applicable", "behind a wall"),
    ],
)
async def test_needs_of_the_run_itself(tmp_path, more, what, reason):
    result = await run(request(toy.Server, **more), tmp_path / "events.ndjson")
    scope = read_run(tmp_path / "events.ndjson").header.scope

    assert shown(result)[FAR] == what
    assert any(reason in v.reason for v in result.verdicts if v.case.endswith(FAR))
    reduced = more.get("options", {}).get("reduced", "")
    assert (scope["profile"], scope["why_reduced"]) == (("reduced", reduced) if reduced else ("full", ""))
    assert result.exit == 0


@pytest.mark.parametrize(
    ("more", "has", "lacks"),
    [
        ({}, {"destructive", "bulk", "target", "slow"}, {"vantages"}),
        ({"remote": True}, {"slow"}, {"vantages", "target", "destructive", "bulk"}),
        ({"remote": True, "owned": True}, {"slow", "destructive", "bulk"}, {"vantages", "target"}),
    ],
)
async def test_harm_is_done_only_where_it_is_allowed(more, has, lacks):
    made = Session(request(toy.Server, **more))
    await made.prepare()
    terms = made._terms(made.runs[0], RoleOffer())
    await made.close()

    assert has <= terms.has
    assert lacks <= set(terms.lacks)
    assert not has & set(terms.lacks)


async def test_what_the_probe_learned_of_a_target_outlasts_a_fresh_start():
    async def probe(url, **settings):
        return [Found(toy.SERVED, Hello("", roles={toy.SERVED: RoleOffer()}), url, memory={"served": "there"})]

    subject = ObjectSubject(toy.Server)
    subject.ours = False
    made = Session(replace(request(subject), protocols=[replace(toy.PROTOCOL, probe=probe)]))
    await made.prepare()
    memory = made.runs[0].setup.memory
    memory |= {"served": "elsewhere", "key": b"1"}
    memory.clear()
    await made.close()

    assert memory == {"served": "there"}


async def test_what_the_probe_found_lacking_is_not_applicable():
    async def probe(url, **settings):
        offer = RoleOffer(("chunks",), {"http": (1,)})
        return [Found(toy.SERVED, Hello("", roles={toy.SERVED: offer}), url, lacks={"suites": "it has none of ours"})]

    asked = replace(request(toy.Server), protocols=[replace(toy.PROTOCOL, probe=probe)])
    made = Session(asked)
    await made.prepare()
    terms = made._terms(made.runs[0], RoleOffer(("chunks",)))
    await made.close()

    assert "chunks" in terms.has
    assert terms.lacks["suites"] == ("not-applicable", "it has none of ours")


async def test_in_a_cell_only_what_is_honest_is_run_with_another_in_our_peers_place(tmp_path):
    server = ObjectSubject(toy.Server)
    others = [Other(toy.SERVED, server, "a-server", "A server")]
    asked = replace(request(toy.Client), others=others)
    result = await run(asked, tmp_path / "events.ndjson")

    told = [(v.case, dict(v.variant), v.shown) for v in result.verdicts]
    assert told == [("toy/client/meetings", {"suite": "a"}, "pass")], "both offer the suite a, and no other"
    assert server.generation == 1
    stored = read_run(tmp_path / "events.ndjson")
    assert stored.header.subject["others"] == [
        {"role": toy.SERVED, "name": "a-server", "title": "A server", "version": ""}
    ]
    asked_ = [e.value for p in stored.transcript(stored.verdicts[0]).parts for e in p.events if e.what == "asked"]
    assert {e["url"] for e in asked_} == {"http://127.0.0.1:9/"}
    await again(tmp_path / "events.ndjson")


async def test_who_lives_in_a_cell_goes_on_when_the_subject_is_started_anew():
    lives = 0

    class Meets(toy.Client):
        def __init__(self):
            nonlocal lives
            lives += 1
            self.life = lives

        def toy_meet(self, url, message):
            return {"refused": {"class": "not yet"}} if self.life == 1 else super().toy_meet(url, message)

    server = ObjectSubject(toy.Server)
    result = await run(replace(request(Meets), others=[Other(toy.SERVED, server, "lives")]))
    assert [v.shown for v in result.verdicts] == ["pass"]
    assert (lives > 1, server.generation) == (True, 1)


async def test_a_cell_without_anything_to_run_is_none():
    others = [Other(toy.DECODER, ObjectSubject(toy.Decoder), "a-decoder")]
    with pytest.raises(Unreachable, match="nothing to test"):
        await run(replace(request(toy.Client), others=others))


async def test_who_died_in_a_cell_is_started_again_with_the_subject():
    def once(self, octets):
        if self.lives == 1:
            raise IndexError

    class Served(toy.bent(once, toy.Server)):
        async def toy_ask(self, session, message):
            raise IndexError

    dies = ObjectSubject(Served)

    class Meets(toy.Client):
        async def toy_meet(self, url, message):
            if dies.generation == 1:
                await dies.do("toy.ask", {"session": 0, "message": ""})
                return {"refused": {"class": "nobody there"}}
            return await super_meet(self, url, message)

    async def super_meet(self, url, message):
        return toy.Client.toy_meet(self, url, message)

    result = await run(replace(request(Meets), others=[Other(toy.SERVED, dies, "dies")]))
    assert [v.shown for v in result.verdicts] == ["pass"]
    assert dies.generation == 2


async def test_cases_and_attempts_are_chosen():
    sizes = "toy/library/sizes"
    result = await run(request(include=[f"{sizes}[300]"]))

    assert [(v.case, v.findings[0].part) for v in result.verdicts] == [(sizes, "300")]
    result = await run(request(include=[sizes], attempts={sizes: ("0", "1"), "toy/library/no-secrets": ("x",)}))
    assert [f.part for f in result.verdicts[0].findings] == ["0", "1"]
    result = await run(request(include=["nothing/*"]))
    assert (result.exit, result.notes) == (3, ["nothing ran at all"])


async def test_what_the_shim_decides_is_not_judged_in_that_role(tmp_path):
    def bend(self, octets):
        return {"ok": {"value": octets[2:].hex()}} if length(octets) == 5 else None

    ours = [f"{toy.DECODER}:toy/1/nothing-behind", "toy.server:toy/1/length-holds"]
    result = await run(request(toy.bent(bend), ours=ours), tmp_path / "events.ndjson")

    behind = next(v for v in result.verdicts if v.case.endswith("behind"))
    assert behind.requirements == {"toy/1/nothing-behind": "not-applicable", DRAFT: "fail"}
    assert shown(result)["library/length-too-long"] == "pass"
    await again(tmp_path / "events.ndjson")


# ── judged again ──


async def test_a_bad_run_is_judged_again_as_it_was(tmp_path):
    def bend(self, octets):
        if length(octets) == 9:
            raise IndexError
        return {"ok": {"value": toy.SECRET}} if length(octets) == 300 else None

    events = tmp_path / "events.ndjson"
    result = await run(request(toy.bent(bend), strict=True), events)
    assert shown(result)["library/length-too-long"] == "crash"
    assert shown(result)["library/no-secrets"] == "leak"
    await again(events)

    stored = read_run(events)
    without = {c.id: c for c in CASES.values() if c.id != "toy/library/sizes"}
    without["toy/library/twice"] = replace(without["toy/library/twice"], expect={"third": []})
    changed = {r.stored.case: r for r in judge_again(stored, without, ROWS) if not r.same}
    assert changed.pop("toy/library/sizes").now is None
    assert [r.now.shown for r in changed.values()] == ["inconclusive"]


async def test_watches_that_were_not_run_and_cases_without_parts_keep_their_verdicts(tmp_path):
    events = tmp_path / "events.ndjson"
    await run(request(both(), ours=["toy/2/no-secrets"]), events)
    rejudged = await again(events)

    assert rejudged["toy/library/no-secrets"].shown == "not-applicable"
    assert rejudged["toy/server/length-seen-from-afar"].shown == "not-applicable"


# ── exit codes ──


async def prepared(**more):
    made = Session(request(**more))
    await made.prepare()
    await made.close()
    return made


def verdict(shown_="pass", requirement="toy/1/length-holds", case="toy/library/twice"):
    return Verdict(case, {}, shown_, shown_, (), {requirement: shown_})


def entry(**more):
    return Expected(**({"case": "toy/library/twice", "reason": "known"} | more))


GONE = entry(case="toy/library/gone")
PASS, FAIL, OPEN = verdict(), verdict("fail"), verdict("inconclusive")


@pytest.mark.parametrize(
    ("verdicts", "more", "baseline", "code"),
    [
        # the first that holds, in this order
        ([FAIL, verdict("error"), OPEN], {"interrupted": True, "void": ["lies"]}, [GONE], 130),
        ([FAIL, verdict("error"), OPEN], {}, [GONE], 4),
        ([FAIL, OPEN], {"void": ["lies"]}, [GONE], 4),
        ([FAIL, OPEN], {"unowned": ["it died"]}, [GONE], 1),
        ([PASS, OPEN], {"unowned": ["it died"]}, [GONE], 5),
        ([PASS, OPEN], {}, None, 3),
        ([PASS], {"unowned": ["it died"]}, None, 3),
        ([PASS], {}, None, 0),
        # what is a failure
        *[([verdict(bad)], {}, None, 1) for bad in ("fail", "crash", "hang", "leak")],
        ([verdict("warn")], {}, None, 0),
        ([verdict("tolerated"), verdict("unsupported"), verdict("not-applicable")], {}, None, 0),
        ([verdict("fail", DRAFT)], {}, None, 0),
        ([verdict("fail", "toy/9/unknown")], {}, None, 1),
        ([replace(FAIL, requirements={"toy/1/length-holds": "not-applicable"})], {}, None, 1),
        # the baseline: known, stale, expired, left over
        ([FAIL], {}, [entry()], 0),
        ([verdict("crash")], {}, [entry()], 1),
        ([OPEN], {}, [entry(verdict="inconclusive")], 3),
        ([OPEN, PASS], {}, [entry(verdict="inconclusive")], 0),
        ([PASS], {}, [entry()], 5),
        ([FAIL], {}, [entry(expires=date(2020, 1, 1))], 1),
        ([PASS], {}, [GONE], 5),
        # incomplete
        ([OPEN], {}, None, 3),
        ([PASS, verdict("inconclusive", DRAFT)], {}, None, 0),
        ([PASS, verdict("inconclusive", "toy/1/nothing-behind")], {}, None, 0),
        ([verdict("inconclusive", "toy/1/nothing-behind")], {}, None, 3),
        ([verdict("unsupported"), verdict("not-applicable")], {}, None, 3),
        ([], {}, None, 3),
    ],
)
async def test_exit_codes(verdicts, more, baseline, code):
    known = Baseline(Path("expected.toml"), baseline, date(2026, 1, 1)) if baseline is not None else None
    made = await prepared(baseline=known)

    assert made._exit(Outcomes(verdicts, **more))[0] == code


@pytest.mark.parametrize(
    "narrowed",
    [{"include": ["*"]}, {"level": "must"}, {"roles": [toy.DECODER]}, {"http": [1]}, {"only": {"http": [1]}}],
)
async def test_entries_are_left_over_only_where_all_was_asked_for(narrowed):
    made = await prepared(baseline=Baseline(Path("expected.toml"), [GONE]), **narrowed)

    assert made._exit(Outcomes([PASS])) == (0, [])


async def test_strict_requires_what_should_be():
    made = await prepared(strict=True)

    assert made._exit(Outcomes([PASS, verdict("inconclusive", "toy/1/nothing-behind")]))[0] == 3


async def test_what_ends_a_run_is_told_in_notes(tmp_path):
    made = await prepared(baseline=Baseline(Path("expected.toml"), [GONE]))
    _, notes = made._exit(Outcomes([PASS, OPEN, verdict("inconclusive", DRAFT)]))

    assert notes == [
        "expected.toml: toy/library/gone [*] matches nothing",
        "incomplete: 1 of what is required was inconclusive: inconclusive",
    ]
    assert made._exit(Outcomes([verdict("inconclusive", DRAFT)]))[1][-1] == "nothing came to a verdict"


async def test_a_failure_ends_in_1_and_a_known_one_in_0(tmp_path):
    subject = toy.bent(lambda self, octets: toy._wrong_length(self, octets) if octets else None)
    failed = await run(request(subject), tmp_path / "events.ndjson")
    known = [entry(case=f"toy/library/{c}") for c in ("length-too-long", "octets-behind")]
    expected = await run(request(subject, baseline=Baseline(tmp_path / "x.toml", known)))

    assert (failed.exit, expected.exit) == (1, 0)
    assert {k: n for k, n in failed.counts.items() if k != "pass"} == {"fail": 2}


async def test_a_lie_ends_in_4_and_is_told_in_the_stream(tmp_path):
    liar = toy.bent(lambda self, octets: None if octets else {"ok": {"value": ""}})
    result = await run(request(liar), tmp_path / "events.ndjson")
    stored = read_run(tmp_path / "events.ndjson")

    assert result.exit == 4
    assert "at the start it answered ok to bhttp.decode" in result.notes[0]
    assert stored.notes == [{"text": result.notes[0], "void": True}]
    assert {v.shown for v in result.verdicts} == {"error"}
    assert all(r.verdict.reason.startswith("not counted: ") and r.written.shown == "pass" for r in stored.verdicts)
    assert stored.footer.counts == {"error": len(stored.verdicts)}
    assert all(r.same for r in judge_again(stored, CASES, ROWS)), "the judges see what they saw"


async def test_what_the_baseline_knows_stands_beside_the_verdict(tmp_path):
    subject = toy.bent(lambda self, octets: toy._wrong_length(self, octets) if octets else None)
    known = [entry(case="toy/library/length-too-long", reason="never looked at", link="https://x.example/1")]
    await run(request(subject, baseline=Baseline(tmp_path / "x.toml", known)), tmp_path / "events.ndjson")
    told = {r.verdict.case: r.known for r in read_run(tmp_path / "events.ndjson").verdicts if r.verdict.shown == "fail"}

    assert told == {
        "toy/library/length-too-long": Known("never looked at", "https://x.example/1", file="x.toml"),
        "toy/library/octets-behind": None,
    }


async def test_an_interrupted_run_has_its_footer_and_a_verdict_on_everything(tmp_path):
    reached = asyncio.Event()

    async def bend(self, octets):
        if length(octets) == 9:
            reached.set()
            await asyncio.Event().wait()

    asked = replace(request(both(decoder=toy.bent(bend))), patience=60)
    task = asyncio.create_task(run(asked, tmp_path / "events.ndjson"))
    await reached.wait()
    task.cancel()
    result = await task
    stored = read_run(tmp_path / "events.ndjson")

    assert result.exit == 130
    assert stored.footer is not None
    assert (stored.footer.interrupted, stored.intact) == (True, True)
    assert len(stored.verdicts) == len(result.verdicts) == 9
    assert {v.shown for v in result.verdicts if "/server/" in v.case} == {"inconclusive", "not-applicable"}


async def test_a_full_disk_leaves_a_stream_that_says_so_and_all_is_closed(tmp_path, monkeypatch):
    subject = ObjectSubject(toy.Decoder)
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblem, match="cannot be written"):
        await run(request(subject), tmp_path / "file" / "events.ndjson")
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})

    def part(self, part):
        raise EnvironmentProblem("the disk is full")

    monkeypatch.setattr(session.StreamWriter, "part", part)
    with pytest.raises(EnvironmentProblem, match="the disk is full"):
        await run(request(subject), tmp_path / "events.ndjson")
    assert read_run(tmp_path / "events.ndjson").footer is None


async def test_packages_that_are_not_installed_are_not_told(monkeypatch):
    monkeypatch.setattr(session, "PACKAGES", ("h11", "no-such-package"))
    made = await prepared()

    assert list(made.header().suite["packages"]) == ["h11"]


async def test_roles_of_clients_need_no_probe():
    role = Role("toy.client", "Toy client", CLIENT, {"toy": ("decoder",)}, "library")

    class Client(toy.Decoder):
        hello = Hello("client", roles={"toy.client": RoleOffer()}, operations=("bhttp.decode",))

    asked = replace(request(Client), protocols=[replace(toy.PROTOCOL, roles=(role,))])
    result = await run(asked)

    assert (result.exit, result.notes) == (3, ["nothing ran at all"])
    assert all(isinstance(c, Case) or c.role for c in CASES.values())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"refused": {"class": "invalid"}}, "refused"),
        ({"error": {"detail": "boom"}}, "the adapter failed in the part twin"),
    ],
)
async def test_who_does_nothing_right_is_named_with_what_it_did(tmp_path, answer, said):
    subject = toy.bent(lambda self, octets: answer)
    result = await run(replace(request(subject), how="adapter", title="./mine"), tmp_path / "events.ndjson")
    (told,) = [note for note in result.notes if "came to no verdict" in note]

    assert told.startswith(
        f"the adapter {read_run(tmp_path / 'events.ndjson').header.subject['name']} (./mine) came to"
    )
    assert said in told
    assert not any("nothing ran at all" in note for note in result.notes)
