"""Exchanges, cases and watches as data."""

import pytest

from conformance import model
from conformance.model import (
    ACCEPTED,
    BAD,
    CLOSED,
    NOT_RUN,
    NOTHING,
    VERDICTS,
    Case,
    Change,
    Exchange,
    Finding,
    Outcome,
    Watch,
    exchange,
    variant_name,
)

REFUSED = Outcome("refused")
DROP = Change("p", "a", "drop")


def ended(part):
    return NOTHING


class Bench:
    def __init__(self, **given):
        self.set = given

    def given(self):
        return self.set


@exchange("toy.server", ended, over={"http": (1, 2)}, needs=["lab"])
async def fetch(bench, live=None, padding=0, size=1):
    return live, padding, size


def case(body=lambda: DROP, **more):
    return Case("toy/server/x/y", "What is sent.", fetch, ("d/1/a", "d/1/b"), body, **more)


def test_every_word_is_there():
    assert [name for name in model.__all__ if not hasattr(model, name)] == []


def test_an_exchange_is_named_after_its_function():
    assert (fetch.name, fetch.role, fetch.over, fetch.needs) == ("fetch", "toy.server", {"http": (1, 2)}, {"lab"})
    assert fetch.outcome is ended
    assert exchange("toy.server", ended)(fetch.drive).over == {}


def test_how_a_part_ended_is_asked_once_until_more_is_seen():
    asked = []

    def outcome(part):
        asked.append(len(part.events))
        return CLOSED if part.events else ACCEPTED

    one, other = (exchange("toy.server", outcome)(fetch.drive) for outcome in (outcome, lambda _: NOTHING))
    part = model.Part("changed")
    assert [one.ended(part), one.ended(part)] == [ACCEPTED, ACCEPTED]
    part.events.append(model.Event(0.0, "", "closed"))
    assert [one.ended(part), one.ended(part)] == [CLOSED, CLOSED]
    assert asked == [0, 1]
    assert other.ended(part) == NOTHING


async def test_what_changes_set_goes_before_what_the_caller_sets():
    bench = Bench(padding=9)
    assert await fetch(bench) == (None, 9, 1)
    assert await fetch(bench, "live", padding=2, size=3) == ("live", 9, 3)


@pytest.mark.parametrize(
    ("made", "changes"),
    [(DROP, (DROP,)), ((DROP, DROP), (DROP, DROP)), ([DROP], (DROP,)), ((), ()), (None, ())],
)
def test_the_attempt_of_a_case(made, changes):
    assert list(case(lambda: made).attempts()) == [("changed", changes)]


def test_an_attempt_each():
    made = case(lambda n: Change("p", "a", "cut", (n,)), each={"one": 1, "two": 2})
    assert [(label, changes[0].args) for label, changes in made.attempts()] == [("one", (1,)), ("two", (2,))]


async def steps(bench):
    pass


def test_only_scripts_are_scripted():
    assert case(steps).scripted
    assert not case().scripted


def test_what_a_case_decides():
    made = case(also={"d/2/c": [ACCEPTED]})
    assert made.role == "toy.server"
    assert made.decides == ("d/1/a", "d/1/b", "d/2/c")


@pytest.mark.parametrize(
    ("expect", "part", "allowed"),
    [
        ([REFUSED, CLOSED], "changed", [REFUSED, CLOSED]),
        ([REFUSED, CLOSED], "any", [REFUSED, CLOSED]),
        ((), "changed", None),
        ({"first": [ACCEPTED]}, "first", [ACCEPTED]),
        ({"first": [ACCEPTED]}, "second", None),
    ],
)
def test_allowed_outcomes(expect, part, allowed):
    assert case(expect=expect).allowed(part) == allowed


def test_a_judge_of_the_cases_own():
    made = case()

    @made.judge
    def judged(transcript):
        yield Finding("violation", "it is")

    assert made.own_judge is judged
    assert [f.because for f in judged(None)] == ["it is"]


@pytest.mark.parametrize(
    ("body", "expect", "honest"),
    [
        (lambda: (), (ACCEPTED,), True),
        (lambda: Change("", "", "given", (("size", 2),)), (REFUSED, ACCEPTED), True),
        (lambda: Change("", "", "given", (("size", 2),)), (REFUSED,), False),
        (lambda: (Change("", "", "given", (("size", 2),)), DROP), (ACCEPTED,), False),
        (lambda: (), {"changed": (ACCEPTED,)}, False),
        (fetch.drive, (ACCEPTED,), False),
    ],
)
def test_what_is_honest_may_meet_others(body, expect, honest):
    assert Case("toy/server/x/y", "", fetch, ("d/1/a",), body, expect).honest is honest


def test_cases_are_told_apart_by_identity():
    assert case() != case()
    assert len({case(), case()}) == 2


def test_a_watch_decides_its_requirements():
    assert Watch("toy/server/x/w", "Looks.", "toy.server", ("d/1/a",), lambda part: ()).decides == ("d/1/a",)


def test_exchanges_are_data():
    with pytest.raises(AttributeError):
        fetch.name = "other"
    assert isinstance(fetch, Exchange)


def test_verdicts_are_bad_or_not_run_or_neither():
    assert set(BAD) | set(NOT_RUN) <= set(VERDICTS)
    assert not set(BAD) & set(NOT_RUN)


@pytest.mark.parametrize(
    ("variant", "name"),
    [({}, ""), ({"http": 1}, "http=1"), ({"suite": "0020/0001/0001", "http": 2}, "http=2,suite=0020/0001/0001")],
)
def test_variants_in_one_word(variant, name):
    assert variant_name(variant) == name
