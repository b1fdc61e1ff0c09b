"""Outcomes, requirements and errors: names, codes, weights and whose fault it is."""

import pytest

from conformance.model import (
    ABSENT,
    ACCEPTED,
    ANYWAY,
    ENDINGS,
    LEVELS,
    SCOPES,
    UNANSWERED,
    AdapterError,
    ConformanceError,
    Ended,
    EnvironmentProblem,
    Outcome,
    Requirement,
    Unreachable,
    UsageError,
)

REFUSED = Outcome("plain-4xx")


def test_equal_by_name_and_code_alone():
    assert REFUSED == REFUSED.per("doc/1/x") == Outcome("plain-4xx", survives="stream")
    assert hash(REFUSED) == hash(REFUSED.per("doc/1/x"))
    assert len({REFUSED, REFUSED.at("400"), REFUSED.at("422"), ACCEPTED, ANYWAY}) == 5


def test_narrowed_outcomes_keep_the_rest():
    narrow = Outcome("closed", survives="session").per("doc/1/x").at("9")
    assert (narrow.name, narrow.code, narrow.survives, narrow.citation) == ("closed", "9", "session", "doc/1/x")


@pytest.mark.parametrize(
    ("allowed", "seen", "good"),
    [
        (REFUSED, REFUSED, True),
        (REFUSED, REFUSED.at("400"), True),
        (REFUSED.at("400"), REFUSED.at("400"), True),
        (REFUSED.at("400"), REFUSED.at("401"), False),
        (REFUSED.at("400"), REFUSED, False),
        (REFUSED, ACCEPTED, False),
        (ACCEPTED, ANYWAY, False),
    ],
)
def test_allows(allowed, seen, good):
    assert allowed.allows(seen) is good


@pytest.mark.parametrize(("outcome", "told"), [(REFUSED, "plain-4xx"), (REFUSED.at("422"), "plain-4xx (422)")])
def test_outcomes_for_people(outcome, told):
    assert str(outcome) == told


def test_every_outcome_says_what_lives_on():
    assert {o.survives for o in (*ENDINGS, *UNANSWERED)} <= set(SCOPES)
    assert ABSENT in ENDINGS
    assert len({o.name for o in ENDINGS}) == len(ENDINGS)


@pytest.mark.parametrize(
    ("levels", "weight"),
    [
        (("MUST", "MUST NOT", "WIRE", "VERIFY"), "fail"),
        (("SHOULD", "SHOULD NOT", "DERIVED"), "warn"),
        (("MAY", "INFO"), "tolerated"),
    ],
)
def test_weights(levels, weight):
    for level in levels:
        assert level in LEVELS
        made = {"id": "d/1/x", "key": "x", "section": "1", "level": level, "roles": (), "via": (), "text": "…"}
        assert Requirement(**made).weight == weight
        assert Requirement(**made, ambiguous=True).weight == "tolerated"


@pytest.mark.parametrize(
    ("error", "code", "fault"),
    [
        (ConformanceError("what", hint="do"), 4, "suite"),
        (UsageError("what", hint="do"), 2, "usage"),
        (AdapterError("what", step="serve", hint="do"), 4, "adapter"),
        (EnvironmentProblem("what", hint="do"), 4, "environment"),
        (Unreachable("what", hint="do"), 3, "subject"),
    ],
)
def test_errors_say_whose_fault_it_is(error, code, fault):
    assert isinstance(error, ConformanceError)
    assert (error.exit, error.fault, error.what, error.hint, str(error)) == (code, fault, "what", "do", "what")


def test_an_adapter_error_names_the_step():
    assert AdapterError("what", step="serve").step == "serve"
    assert AdapterError("what").step == UsageError("what").hint == ""


@pytest.mark.parametrize(("detail", "told"), [("", "closed"), ("in a record", "closed: in a record")])
def test_an_end_is_no_error_of_the_suite(detail, told):
    ended = Ended("closed", detail)
    assert not isinstance(ended, ConformanceError)
    assert (ended.what, ended.detail, str(ended)) == ("closed", detail, told)
