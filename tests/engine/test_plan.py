from __future__ import annotations

import pytest

from conformance.bench import RoleOffer
from conformance.engine.plan import FIRST, WITHHELD, Planned, Terms, make_plan, ours_of, variants
from conformance.model import Exchange, Requirement, Watch
from tests.engine import toy
from tests.engine.kit import made

OVER = {"http": (1, 2, 3), "suite": ("a", "b", "c")}
EXCHANGE = Exchange("talk", "toy.role", toy.decode.drive, toy.ended, OVER)
ROWS = {
    name: Requirement(name, name, "1", level, (), (), name)
    for name, level in {"d/must": "MUST", "d/should": "SHOULD", "d/may": "MAY"}.items()
}


def names(plan):
    return [p.key for p in plan.run]


@pytest.mark.parametrize(
    ("offered", "where", "only", "found"),
    [
        # a star around the first values, not a product
        ({"http": (1, 2), "suite": ("a", "b")}, {}, None, [(1, "a"), (2, "a"), (1, "b")]),
        ({"http": (2,)}, {}, None, [(2, "a")]),
        ({"suite": ("c", "zz", "a")}, {}, None, [(1, "c"), (1, "a")]),
        ({"http": (1, 2, 3), "suite": ("a", "b")}, {"http": [2, 3]}, None, [(2, "a"), (3, "a"), (2, "b")]),
        ({"http": (2, 1), "suite": ("a", "b")}, {"http": FIRST, "suite": FIRST}, None, [(2, "a")]),
        ({"http": (1, 2), "suite": ("a", "b")}, {"suite": ("b",)}, {"http": (2,)}, [(2, "b")]),
        ({"http": (1,)}, {"http": [3]}, None, []),
        ({"http": (9,)}, {}, None, []),
        ({"http": (1, 2)}, {}, {"suite": ("c",)}, []),
        ({"http": (1, 2)}, {"colour": ["red"]}, {"colour": ["blue"]}, [(1, "a"), (2, "a")]),
    ],
)
def test_variants_are_a_star(offered, where, only, found):
    assert [(v["http"], v["suite"]) for v in variants(EXCHANGE, offered, where, only)] == found


def test_without_axes_there_is_one_variant():
    assert list(variants(toy.decode, {"http": (1, 2)}, {}, None)) == [{}]


@pytest.mark.parametrize(
    ("entries", "role", "globs"),
    [
        (["d/1/*", "toy.role:d/2/x", "other.role:d/3"], "toy.role", ("d/1/*", "d/2/x")),
        (["toy.role:*"], "other.role", ()),
        ([], "toy.role", ()),
    ],
)
def test_what_the_shim_decides_may_be_told_for_one_role(entries, role, globs):
    assert ours_of(entries, role) == globs


def test_a_case_that_only_the_shim_decides_is_not_applicable():
    cases = [
        made("shims", requirements=("d/must",)),
        made("both", requirements=("d/must", "d/may")),
        Watch("watch", "", "toy.role", ("d/must",), lambda _: ()),
        Watch("seen", "", "toy.role", ("d/may",), lambda _: ()),
    ]
    plan = make_plan(cases, ROWS, Terms(ours=["d/mus*"]))

    assert names(plan) == ["both"]
    assert [w.id for w in plan.watches] == ["seen"]
    assert {(n.case.id, n.shown) for n in plan.not_run} == {("shims", "not-applicable"), ("watch", "not-applicable")}
    assert sorted(c.id for c in plan.cases) == ["both", "seen", "shims", "watch"]


def test_what_is_withheld_is_not_run():
    plan = make_plan([made("a/one"), made("b/one")], ROWS, Terms(withheld=["b/*"]))

    assert names(plan) == ["a/one"]
    assert [(n.case.id, n.shown, n.reason) for n in plan.not_run] == [("b/one", "not-applicable", WITHHELD)]


def test_needs_are_met_or_say_why_not():
    cases = [
        made("plain"),
        made("alone", needs=frozenset({"alone"})),
        made("feature", needs=frozenset({"feature", "alone"})),
        made("far", needs=frozenset({"target"})),
        made("chunked", needs=frozenset({"chunked"})),
        made("exchange", exchange=Exchange("x", "toy.role", toy.decode.drive, toy.ended, {}, frozenset({"push"}))),
    ]
    terms = Terms(has=frozenset({"feature"}), lacks={"target": ("not-applicable", "too far")})
    plan = make_plan(cases, ROWS, terms)

    assert names(plan) == ["plain", "alone", "feature"], "those that need to be alone come last"
    assert {n.case.id: (n.shown, n.reason) for n in plan.not_run} == {
        "far": ("not-applicable", "too far"),
        "chunked": ("unsupported", "the subject does not offer chunked"),
        "exchange": ("unsupported", "the subject does not offer push"),
    }


def test_a_case_without_a_variant_is_not_applicable():
    cases = [made("http3", exchange=EXCHANGE, where={"http": [3]})]
    plan = make_plan(cases, ROWS, Terms(RoleOffer((), {"http": (1,)})))
    assert [n.reason for n in plan.not_run] == ["the subject does not offer http 3"]

    cases = [made("any", exchange=EXCHANGE)]
    plan = make_plan(cases, ROWS, Terms(RoleOffer((), {"http": (9,)}), only={"suite": ("a",)}))
    assert [n.reason for n in plan.not_run] == ["no variant of it is wanted"]
    plan = make_plan(cases, ROWS, Terms(RoleOffer((), {"http": (1,), "suite": ()})))
    assert [n.reason for n in plan.not_run] == ["there is no suite that all sides offer"]


def test_base_only_takes_the_first_variant():
    offer = RoleOffer((), {"http": (1, 2), "suite": ("a", "b")})

    assert names(make_plan([made("x", exchange=EXCHANGE)], ROWS, Terms(offer, base_only=True))) == ["x http=1,suite=a"]
    assert len(make_plan([made("x", exchange=EXCHANGE)], ROWS, Terms(offer)).run) == 3


@pytest.mark.parametrize(
    ("level", "found"), [("", 4), ("all", 4), ("must", 1), ("should", 2)]
)  # unknown requirements have no level
def test_levels_choose(level, found):
    cases = [made(r, requirements=(r,)) for r in (*ROWS, "d/unknown")]

    assert len(make_plan(cases, ROWS, Terms(level=level)).run) == found


@pytest.mark.parametrize(
    ("include", "found"),
    [
        ([], ["a/one", "a/two", "b/one"]),
        (["a/*"], ["a/one", "a/two"]),
        (["a/one", "b/*"], ["a/one", "b/one"]),
        (["[ab]/one"], ["a/one", "b/one"]),
        (["a/[t]wo", "nothing"], ["a/two"]),
        (["*/one[x]"], ["a/one[x]"]),
        (["a/one[y]", "a/one[x]"], ["a/one[x,y]"]),
        (["a/one[x]", "a/one"], ["a/one"]),
        (["a/one[z]", "a/two[x]"], []),
        (["a/one[[odd] label]"], ["a/one[[odd] label]"]),
        (["watch[x]"], []),
        (["watc[h]"], ["watch"]),
    ],
)
def test_cases_and_single_attempts_are_chosen(include, found):
    each = {"x": 1, "y": 2, "[odd] label": 3}
    cases = [made("a/one", each=each), made("a/two"), made("b/one")]
    watch = Watch("watch", "", "toy.role", ("d/may",), lambda _: ())
    plan = make_plan([*cases, watch], ROWS, Terms(include=include))

    told = [p.case.id + (f"[{','.join(p.case.each)}]" if p.case.each and p.case.each != each else "") for p in plan.run]
    assert told + [w.id for w in plan.watches if include] == found
    assert cases[0].each == each, "the case itself stays whole"


def test_settings_of_odd_types_are_sorted_and_told_apart():
    cases = [made(str(value), settings={"value": value}) for value in (b"x", None, 3, b"x", {"y": 1})]
    plan = make_plan(cases, ROWS, Terms())

    assert len({p.shares for p in plan.run}) == 4
    assert Planned(cases[0], {"http": 1}).key == f"{b'x'} http=1"
