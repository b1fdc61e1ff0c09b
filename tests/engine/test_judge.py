from __future__ import annotations

import msgspec
import pytest

from conformance.engine.judge import KEPT, Watching, judge, look, weigher
from conformance.engine.records import decode_part, encode_part
from conformance.model import (
    ACCEPTED,
    BAD,
    ENDINGS,
    NOT_RUN,
    AdapterError,
    Case,
    Change,
    Event,
    Exchange,
    Finding,
    Outcome,
    Part,
    Requirement,
    Transcript,
    Watch,
)

REFUSED = Outcome("refused", survives="session").per("toy/2/session")
DROPPED = Outcome("dropped", survives="stream").per("toy/2/stream")
LEVELS = {"must": "MUST", "should": "SHOULD", "may": "MAY", "info": "INFO", "open": "MUST", "derived": "DERIVED"}
REQUIREMENTS = {
    f"toy/1/{name}": Requirement(f"toy/1/{name}", name, "1", level, (), (), name, ambiguous=name == "open")
    for name, level in LEVELS.items()
}
FLIP = Change("message", "", "flip", (0, 1))
_ENDINGS = {o.name for o in ENDINGS}


def ended(part):
    result = part.last("result")
    if result is None:
        return part.ending()
    if result.name == "boom":
        raise KeyError("nothing of that name")
    if result.name == "misshapen":
        raise AdapterError("its value is no hex", step="talk")
    return Outcome(result.name, result.value.get("code", ""))


EXCHANGE = Exchange("talk", "toy.role", None, ended)


def made(*requirements, expect=(REFUSED,), scripted=False, **more):
    async def script(bench): ...

    body = script if scripted else (lambda *_: FLIP)
    return Case("toy/role/case", "", EXCHANGE, requirements or ("toy/1/must",), body, expect, **more)


def transcript(text, *, standing=False, changes=()):
    """`name=outcome` for each part, `@scope` behind it where health was tried in what lived on, `/` between rounds.

    `~` before a name: its change was not applied, and with `~~` its point was passed; `2.` before it: its turn; `0:`
    before a round: it decides nothing.
    """
    parts = []
    for n, words in enumerate(text.split("/")):
        number = 0 if words.startswith("0:") else n + (0 if text.startswith("0:") else 1)
        for word in words.removeprefix("0:").split():
            name, _, rest = word.partition("=")
            outcome, _, scope = rest.partition("@")
            turn, _, name = name.rpartition(".")
            outcome, _, code = outcome.partition("#")
            part = Part(
                name.lstrip("~"),
                {"http": 1},
                1 if standing else n + 1,
                scope or "subject",
                (FLIP,) if name not in ("twin", "health") and changes else (),
                round=number,
                turn=int(turn or 1),
                exchange="talk",
            )
            if part.changes and not name.startswith("~"):
                part.events.append(Event(0.0, "", "sent", "message", {"applied": [0]}))
            if name.startswith("~~"):
                part.events.append(Event(0.0, "", "sent", "message"))
            if outcome in _ENDINGS:
                part.events.append(Event(0.1, "", outcome, "", {"detail": f"it {outcome}", "code": code}))
            elif outcome == "unsupported":
                part.events.append(Event(0.1, "", "reply", "", {"unsupported": {"reason": "we lack that"}}))
            elif outcome != "nothing":
                part.events.append(Event(0.1, "", "result", outcome, {"code": code}))
            parts.append(part)
    return Transcript("toy/role/case", {"http": 1}, tuple(parts))


def verdict(case, seen, **how):
    found = judge(case, seen, weigher(REQUIREMENTS, **how))
    stored = Transcript(
        seen.case,
        seen.variant,
        tuple(decode_part(msgspec.json.decode(msgspec.json.encode(encode_part(p)))) for p in seen.parts),
    )
    assert judge(case, seen, weigher(REQUIREMENTS, **how)) == found, "judged twice, the same"
    assert judge(case, stored, weigher(REQUIREMENTS, **how)) == found, "judged from the stored run, the same"
    return found


GOOD = "twin=accepted changed=refused health=accepted"
TABLE = [
    # the plain ends
    (GOOD, "pass", "changed: refused"),
    ("health=accepted changed=refused health=accepted", "pass", "changed: refused"),
    ("0:twin=closed/" + GOOD, "pass", "changed: refused"),
    ("0:twin=closed", "inconclusive", "by itself"),
    # the twin is not accepted
    ("twin=refused", "inconclusive", "the twin was not accepted: refused"),
    ("twin=closed/twin=timeout", "inconclusive", "twice: timeout: it timeout"),
    ("twin=closed/" + GOOD, "pass", "changed: refused"),
    ("twin=closed/twin=accepted changed=wrong health=accepted", "fail", "wrong, where refused is right"),
    ("twin=unsupported", "unsupported", "we lack that"),
    # answered in no allowed way: a violation, whatever follows
    ("twin=accepted changed=accepted health=accepted", "fail", "accepted, where refused is right"),
    ("twin=accepted changed=accepted health=closed", "fail", "accepted, where refused is right"),
    ("twin=accepted changed=accepted health=accepted/twin=closed", "fail", "accepted, where refused is right"),
    ("twin=accepted changed=accepted health=closed/twin=closed", "fail", "accepted, where refused is right"),
    ("twin=accepted changed=wrong health=accepted/twin=accepted changed=accepted health=accepted", "fail", "acc"),
    ("twin=accepted changed=wrong health=closed/twin=accepted changed=wrong health=closed", "crash", "serves nobody"),
    # not answered: a violation if health holds
    ("twin=accepted changed=closed health=accepted", "fail", "closed"),
    ("twin=accepted changed=reset health=closed", "inconclusive", "not shown to be why"),
    ("twin=accepted changed=timeout health=accepted/twin=accepted changed=timeout health=accepted", "fail", "timeout"),
    # what must live on does not
    (GOOD.replace(" health", " health=closed@session health"), "fail", "the session should live on, but closed"),
    (GOOD.replace(" health", " health=accepted@session health"), "pass", "changed"),
    (GOOD.replace(" health", " health=closed@stream health"), "pass", "changed"),
    # health anew fails
    ("twin=accepted changed=refused health=closed/" + GOOD, "inconclusive", "health failed in 1 of 2"),
    (GOOD.replace("refused", "timeout") + "/twin=accepted changed=refused health=closed", "inconclusive", "1 of 2"),
    ("twin=accepted changed=refused health=closed/twin=accepted changed=closed health=closed", "crash", "until then"),
    ("twin=accepted changed=refused health=closed/twin=accepted changed=refused health=timeout", "hang", "until then"),
    ("twin=accepted changed=crash health=timeout/twin=accepted changed=crash health=timeout", "crash", "crash"),
    ("twin=accepted changed=crash health=accepted/twin=accepted changed=crash health=accepted", "crash", "it crash"),
    ("twin=accepted changed=refused health=closed/twin=closed", "inconclusive", "so did the twin"),
    ("twin=accepted ~changed=closed health=closed/twin=accepted ~changed=closed health=closed", "crash", "until then"),
    # both attempts count
    (GOOD.replace("refused", "accepted") + "/" + GOOD, "inconclusive", "1 of 2 attempts: changed: accepted"),
    (GOOD.replace("refused", "closed") + "/" + GOOD, "inconclusive", "1 of 2 attempts: changed: closed"),
    (GOOD.replace("refused", "closed") + "/twin=closed", "inconclusive", "on a fresh start the twin"),
    (GOOD.replace("refused", "closed") + "/" + GOOD.replace("refused", "accepted"), "fail", "acc"),
    (GOOD + "/" + GOOD.replace("refused", "closed"), "inconclusive", "1 of 2 attempts: changed: closed"),
    (
        GOOD.replace("refused", "timeout") + "/" + GOOD.replace("changed=refused", "~changed=reset"),
        "inconclusive",
        "could be applied",
    ),
    # whose fault
    ("twin=accepted changed=suite-error health=accepted", "error", "the suite failed in the part changed"),
    ("twin=adapter-error", "error", "the adapter failed in the part twin"),
    ("twin=accepted changed=boom health=accepted", "error", "KeyError"),
    ("twin=misshapen", "error", "the adapter failed in the part twin: its value is no hex"),
    ("twin=accepted changed=misshapen health=accepted", "error", "the adapter failed in the part changed"),
    ("twin=accepted changed=refused health=misshapen", "error", "the adapter failed in the part health"),
    ("twin=accepted ~~changed=nothing health=accepted", "error", "was never applied"),
    ("twin=accepted ~changed=nothing health=accepted", "not-applicable", "never asks for what is changed: message"),
    ("twin=accepted ~changed=closed health=accepted", "inconclusive", "ended before flip(message, 0, 1) could be"),
    ("twin=accepted changed=unsupported health=accepted", "unsupported", "we lack that"),
    ("twin=accepted changed=absent health=accepted", "not-applicable", "it absent"),
]


@pytest.mark.parametrize(("text", "shown", "why"), TABLE)
def test_each_row_of_the_table_of_controls(text, shown, why):
    found = verdict(made(), transcript(text, changes=True))

    assert (found.shown, why in found.reason) == (shown, True), found.reason
    if shown in NOT_RUN:
        assert found.requirements == {"toy/1/must": shown}
        assert not found.findings


def test_a_subject_that_is_not_ours_to_start_and_stays_dead_crashed_unrepeated():
    found = verdict(made(), transcript("twin=accepted changed=refused health=closed/twin=closed", standing=True))

    assert found.shown == "crash"
    assert "not repeated" in found.reason
    assert found.findings[-1].measure == {"repeated": False}


def test_death_after_an_allowed_outcome_falls_on_what_the_outcome_names_and_on_the_case():
    dead = "twin=accepted changed=refused health=closed@session health=closed"
    found = verdict(made(), transcript(f"{dead}/{dead}"))

    assert found.shown == "crash"
    assert found.requirements == {"toy/1/must": "crash", "toy/2/session": "fail"}


def test_what_lives_on_is_the_scope_that_the_outcome_names():
    case = made(expect=[DROPPED])
    text = "twin=accepted changed=dropped health={}@{} health=accepted"
    shown = {
        (outcome, scope): verdict(case, transcript(text.format(outcome, scope))).requirements
        for outcome in ("accepted", "closed")
        for scope in ("stream", "session")
    }

    assert shown["closed", "stream"]["toy/2/stream"] == "fail"
    assert shown["closed", "session"]["toy/2/stream"] == "fail"
    assert "toy/2/stream" not in shown["accepted", "stream"]


@pytest.mark.parametrize(
    ("requirement", "strict", "shown"),
    [
        ("must", False, "fail"), ("should", False, "warn"), ("should", True, "fail"), ("derived", False, "warn"),
        ("may", False, "tolerated"), ("info", True, "tolerated"), ("open", False, "tolerated"),
        ("unknown", False, "fail"),
    ],
)  # fmt: skip
def test_levels_weigh(requirement, strict, shown):
    bad = transcript(GOOD.replace("refused", "accepted"))

    assert verdict(made(f"toy/1/{requirement}"), bad, strict=strict).shown == shown
    assert verdict(made(f"toy/1/{requirement}"), transcript(GOOD), strict=strict).shown == "pass"


def test_all_but_the_first_allowed_outcome_are_tolerated_with_their_citation():
    case = made(expect=[REFUSED.at("1"), DROPPED, Outcome("odd")])

    assert verdict(case, transcript(GOOD.replace("refused", "refused#1"))).shown == "pass"
    dropped = verdict(case, transcript(GOOD.replace("refused", "dropped")))
    assert (dropped.shown, dropped.reason) == ("tolerated", "changed: dropped, which toy/2/stream allows")
    odd = verdict(case, transcript(GOOD.replace("refused", "odd")))
    assert (odd.shown, odd.reason) == ("tolerated", "changed: odd")
    other = verdict(case, transcript(GOOD.replace("refused", "refused#2")))
    assert (other.shown, "refused (2), where refused (1) or dropped" in other.reason) == ("fail", True)


@pytest.mark.parametrize(
    ("main", "side", "outcome", "shown", "decided"),
    [
        ("must", "should", "refused", "warn", ("pass", "warn")),
        ("must", "should", "dropped", "pass", ("pass", "pass")),
        ("must", "may", "refused", "pass", ("pass", "tolerated")),
        ("should", "must", "other", "fail", ("warn", "fail")),
        ("may", "may", "other", "tolerated", ("tolerated", "tolerated")),
    ],
)
def test_the_same_exchange_decides_more(main, side, outcome, shown, decided):
    also = {f"toy/1/{side}x": [DROPPED]} if side == main else {f"toy/1/{side}": [DROPPED]}
    rows = REQUIREMENTS | {"toy/1/mayx": REQUIREMENTS["toy/1/may"]}
    case = made(f"toy/1/{main}", expect=[REFUSED, DROPPED] if outcome == "refused" else [DROPPED], also=also)
    found = judge(case, transcript(GOOD.replace("refused", outcome)), weigher(rows))

    assert found.shown == shown
    assert tuple(found.requirements.values()) == decided


def test_a_silent_side_violation_needs_health_and_an_answered_one_does_not():
    case = made(expect=[Outcome("closed"), REFUSED], also={"toy/1/should": [DROPPED]})

    assert verdict(case, transcript("twin=accepted changed=closed health=closed")).shown == "inconclusive"
    assert verdict(case, transcript("twin=accepted changed=refused health=closed")).shown == "warn"


EACH = {"a": FLIP, "b": FLIP, "c": FLIP}


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("twin=accepted a=refused b=refused c=refused health=accepted", "pass", "a: refused"),
        ("twin=accepted a=refused b=accepted c=refused health=accepted", "fail", "b: accepted"),
        ("twin=accepted a=refused health=closed@session b=refused c=refused health=accepted", "fail", "live on"),
        ("twin=accepted a=unsupported b=refused c=unsupported health=accepted", "pass", "b: refused"),
        ("twin=accepted a=unsupported b=unsupported c=unsupported health=accepted", "unsupported", "we lack that"),
        ("twin=accepted a=accepted ~b=closed c=refused health=accepted", "fail", "a: accepted"),
        (
            (
                "twin=accepted a=refused b=closed ~c=closed health=closed"
                "/twin=accepted a=refused health=accepted b=closed health=closed"
            ),
            "crash",
            "after the attempt b the subject serves nobody",
        ),
    ],
)
def test_attempts(text, shown, why):
    found = verdict(made(each=EACH), transcript(text, changes=True))

    assert (found.shown, why in found.reason or why in str(found.findings)) == (shown, True)


STEPS = {"first": [ACCEPTED], "second": [REFUSED]}


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("twin=accepted first=accepted second=refused health=accepted", "pass", "first: accepted"),
        ("twin=accepted first=accepted between=wrong second=refused health=accepted", "pass", "first: accepted"),
        ("twin=accepted first=accepted health=accepted", "inconclusive", "second was not reached: first ended in acc"),
        ("twin=accepted between=closed health=accepted", "inconclusive", "first was not reached: between ended in clo"),
        ("twin=accepted health=accepted", "inconclusive", "the step first was not reached"),
        ("twin=accepted first=wrong health=accepted", "fail", "first: wrong"),
        ("twin=accepted first=closed health=accepted", "fail", "first: closed"),
        ("twin=accepted first=crash health=accepted/twin=accepted first=crash health=accepted", "crash", "it crash"),
        ("twin=accepted first=accepted between=crash health=accepted", "crash", "between: crash"),
        ("twin=accepted first=unsupported health=accepted", "unsupported", "we lack that"),
        (
            "twin=accepted between=closed health=closed/twin=accepted between=closed health=closed",
            "crash",
            "serves nobody",
        ),
        (
            "twin=accepted first=accepted second=refused 2.first=accepted health=accepted",
            "inconclusive",
            "second was not reached",
        ),
        (
            "twin=accepted first=accepted second=refused 2.first=accepted 2.second=accepted health=accepted",
            "fail",
            "second: accepted",
        ),
    ],
)
def test_scripted_steps(text, shown, why):
    also = {"toy/1/info": [ACCEPTED]}
    found = verdict(made(expect=STEPS, scripted=True, repeat=2, also=also), transcript(text))

    assert (found.shown, why in found.reason) == (shown, True), found.reason


def count_served(seen):
    served = [p.name for p in seen.starting("spend") if ended(p) == ACCEPTED]
    yield Finding("as-expected" if len(served) == 1 else "violation", f"{len(served)} served", part="spend 1")


@pytest.mark.parametrize(
    ("text", "shown", "why"),
    [
        ("twin=accepted spend1=accepted spend2=refused health=accepted", "pass", "1 served"),
        ("twin=accepted spend1=accepted spend2=accepted health=accepted", "fail", "2 served"),
        (
            "twin=accepted spend1=accepted spend2=refused 2.spend1=accepted 2.spend2=accepted health=accepted",
            "fail",
            "2 served",
        ),
        ("twin=accepted spend1=accepted spend2=accepted health=closed", "fail", "2 served"),
        ("twin=accepted spend1=accepted spend2=refused health=closed", "inconclusive", "not alive afterwards"),
        ("twin=accepted spend1=crash health=accepted", "crash", "it crash"),
    ],
)
def test_a_judge_of_the_cases_own_sees_each_turn(text, shown, why):
    found = verdict(made(expect=(), scripted=True, repeat=2, own_judge=count_served), transcript(text))

    assert (found.shown, why in found.reason) == (shown, True), found.reason


def test_a_judge_of_the_cases_own_that_blames_a_silent_part_needs_health():
    def silent(seen):
        yield Finding("violation", "nobody answered", part="spend")

    case = made(expect=(), scripted=True, own_judge=silent)

    assert verdict(case, transcript("twin=accepted spend=closed health=closed")).shown == "inconclusive"
    assert verdict(case, transcript("twin=accepted spend=closed health=accepted")).shown == "fail"


def test_a_judge_that_fails_is_an_error_of_the_suite():
    def broken(seen):
        raise IndexError(seen.case)

    assert verdict(made(expect=(), own_judge=broken), transcript(GOOD)).shown == "error"
    twin = look(made(), transcript("twin=boom"))
    assert twin.stopped == ("error", "the suite failed in judging: KeyError: 'nothing of that name'")


def test_two_attempts_that_violate_different_requirements_count_against_both():
    case = made("toy/1/must", expect=[ACCEPTED, REFUSED], also={"toy/1/other": [DROPPED, REFUSED]})
    found = verdict(
        case,
        transcript(
            "twin=accepted changed=dropped health=accepted/twin=accepted changed=accepted health=accepted",
        ),
    )

    assert found.requirements == {"toy/1/must": "fail", "toy/1/other": "fail"}
    assert found.shown == "fail"


def test_attempts_that_differ_only_in_what_is_preferred_give_what_was_worse():
    case = made(expect=[REFUSED, DROPPED])
    found = verdict(case, transcript(f"{GOOD.replace('refused', 'dropped')}/{GOOD}"))

    assert found.shown == "tolerated"


def test_what_the_shim_decides_is_not_applicable_and_the_rest_is_judged():
    case = made("toy/1/must", also={"toy/2/status": [DROPPED]})
    ours = ["toy/2/*"]

    assert verdict(case, transcript(GOOD)).shown == "fail"
    found = verdict(case, transcript(GOOD), ours=ours)
    assert (found.shown, found.requirements) == ("pass", {"toy/1/must": "pass", "toy/2/status": "not-applicable"})
    dead = verdict(
        made("toy/2/status"),
        transcript("twin=accepted changed=crash health=accepted"),
        ours=ours,
    )
    assert (dead.shown, dead.requirements) == ("crash", {"toy/2/status": "not-applicable"})


def test_leaks_show_as_leaks():
    def leaking(seen):
        yield Finding("leak", "it told")

    found = verdict(made("toy/1/info", expect=(), own_judge=leaking), transcript(GOOD))
    assert found.shown == "leak"
    assert found.shown in BAD


def watch(look, where=None):
    return Watch("toy/role/watch", "", "toy.role", ("toy/1/must",), look, where or {})


def test_a_watch_that_saw_nothing_is_inconclusive_and_one_without_findings_passes():
    watching = Watching(watch(lambda _: ()))

    assert watching.verdict(weigher({})).shown == "inconclusive"
    watching.see(Part("twin"), "pass")
    assert (watching.verdict(weigher({})).shown, watching.verdict(weigher({})).reason) == ("pass", "nothing in 1 parts")


def test_parts_of_cases_without_a_verdict_prove_nothing_but_may_show_something():
    fine, leaking = Watching(watch(lambda _: ())), Watching(watch(lambda _: [Finding("leak", "it told")]))
    for watching in (fine, leaking):
        watching.see(Part("twin"), "inconclusive")

    assert fine.verdict(weigher({})).shown == "inconclusive"
    assert leaking.verdict(weigher({})).shown == "leak"


def test_a_watch_that_had_nothing_to_look_at_says_what_was_absent():
    watching = Watching(Watch("toy/role/watch", "", "toy.role", ("toy/1/must",), lambda _: (), {}, "no key was served"))
    watching.see(Part("twin"), "pass")
    found = watching.verdict(weigher({}))

    assert (found.shown, found.reason) == ("not-applicable", "no key was served")


def test_a_watch_that_found_nothing_to_look_at_says_what_was_not_there():
    watching = Watching(Watch("w", "", "toy.role", ("toy/1/must",), lambda _: (), absent="nobody greeted"))
    watching.see(Part("twin"), "pass")
    found = watching.verdict(weigher({}))

    assert (found.shown, found.reason) == ("not-applicable", "nobody greeted")


def test_a_watch_keeps_no_more_findings_than_it_needs():
    watching = Watching(watch(lambda part: [Finding("as-expected", "fine"), Finding("leak", part.name)]))
    for n in range(100):
        watching.see(Part(f"part {n}"), "pass")
    found = watching.verdict(weigher({}))

    assert found.shown == "leak"
    assert [f.because for f in found.findings if f.observation == "leak"] == [f"part {n}" for n in range(KEPT)]


def test_a_watch_is_narrowed_by_variant():
    watching = Watching(watch(lambda _: (), {"http": (2,), "suite": "first"}))
    for http in (1, 2, 2):
        watching.see(Part("twin", {"http": http, "suite": "a"}), "fail")

    assert watching.parts == 2


def test_a_watch_that_fails_is_an_error_and_the_run_goes_on():
    watching = Watching(watch(lambda part: part.nothing))
    watching.see(Part("twin"), "pass")
    watching.see(Part("health"), "pass")
    found = watching.verdict(weigher({}))

    assert found.shown == "error"
    assert "in the part twin: AttributeError" in found.reason
