"""The authoring kit: each word makes the change it says, and what cannot be a case is refused where it is declared."""

import pytest

from conformance import cases, vectors
from conformance.cases import canary, case, from_vectors, given, leaks, octets, one_value, watch
from conformance.model import (
    ACCEPTED,
    GIVEN,
    IN_LEAVING,
    IN_MESSAGE,
    TWIN,
    Change,
    Event,
    Outcome,
    Part,
    Transcript,
    UsageError,
    exchange,
)
from conformance.vectors import Vector, VectorFile

MODULE = "conformance.protocols.toy.cases.server.some_topic"
REFUSED = Outcome("refused")


@exchange("toy.server", lambda part: part.ending())
async def fetch(bench, live=None):
    pass


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """Nothing that is declared here stays."""
    declared = {}
    monkeypatch.setattr(cases, "REGISTRY", declared)
    return declared


def placed(function, name="cut_short", doc="What is sent."):
    """A function as it would stand in a file of cases."""
    function.__module__, function.__name__, function.__doc__ = MODULE, name, doc
    return function


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (cases.cut("p.a"), Change("p", "a", "cut", (1,))),
        (cases.cut("p.a.b[0]", 3, wire=True), Change("p", "a.b[0]", "cut", (3,), wire=True)),
        (cases.cut("p[1]"), Change("p[1]", "", "cut", (1,))),
        (cases.extend("p", b"x"), Change("p", "", "extend", (b"x",))),
        (cases.flip("p.a"), Change("p", "a", "flip", (0, 1))),
        (cases.flip("p.a", -1, 0x80), Change("p", "a", "flip", (-1, 0x80))),
        (cases.put("p.a", 7), Change("p", "a", "put", (7,))),
        (cases.drop("p.a", wire=True), Change("p", "a", "drop", (), wire=True)),
        (cases.insert("p.a", -1, b"x"), Change("p", "a", "insert", (-1, b"x"))),
        (cases.repeat("p.a"), Change("p", "a", "repeat", (2,))),
        (cases.swap("p.a[0]", 1), Change("p", "a[0]", "swap", (1,))),
        (cases.swap("p.a", 0, -1), Change("p", "a", "swap", (0, -1))),
        (cases.widen("p.a", 8), Change("p", "a", "widen", (8,))),
        (cases.split("p", 1, 5), Change("p", "", "split", (1, 5))),
        (cases.hold("p", 1), Change("p", "", "hold", (1,))),
        (cases.delay("p", 0.5), Change("p", "", "delay", (0.5,))),
        (cases.close("p"), Change("p", "", "close")),
        (cases.reset("p"), Change("p", "", "reset")),
        (given(a=1, b=b"x"), Change("", "", GIVEN, (("a", 1), ("b", b"x")))),
    ],
    ids=str,
)
def test_words_make_changes(made, wanted):
    assert made == wanted


def test_there_is_a_word_for_every_operation():
    assert [op for op in (*IN_MESSAGE, *IN_LEAVING, GIVEN) if not callable(getattr(cases, op, None))] == []


def test_octets_are_always_the_same():
    assert octets(5) == octets(5) == octets(9)[:5]
    assert octets(8, 1) != octets(8)
    assert (octets(0), len(octets(1000))) == (b"", 1000)


def test_a_case_is_its_place(registry):
    declared = case(fetch, "d/1/a", expect=[REFUSED])(placed(lambda: cases.cut("p.a")))
    assert registry == {"toy/server/some-topic/cut-short": declared}
    assert (declared.id, declared.doc) == ("toy/server/some-topic/cut-short", "What is sent.")
    assert (declared.exchange, declared.requirements, declared.expect) == (fetch, ("d/1/a",), [REFUSED])
    assert list(declared.attempts()) == [("changed", (cases.cut("p.a"),))]
    assert (declared.also, declared.each, declared.needs, declared.where, declared.repeat, declared.settings) == (
        {}, {}, frozenset(), {}, 1, {},
    )  # fmt: skip


def test_a_case_keeps_what_is_said_of_it():
    told = {"also": {"d/2/b": [ACCEPTED]}, "where": {"http": [1]}, "repeat": 3, "settings": {"size": 9}}
    declared = case(fetch, "d/1/a", expect=[REFUSED], needs=["lab", "slow"], **told)(placed(lambda: ()))
    assert {name: getattr(declared, name) for name in told} == told
    assert declared.needs == {"lab", "slow"}
    assert declared.decides == ("d/1/a", "d/2/b")


@pytest.mark.parametrize(
    ("each", "labels"),
    [
        ((), []),
        ({"one": 1, "two": 2}, ["one", "two"]),
        ((1, "text", b"\0\xff", b""), ["1", "text", "00ff", "empty"]),
        ((n for n in (1, 2)), ["1", "2"]),
    ],
)
def test_attempts_have_labels(each, labels):
    assert list(case(fetch, "d/1/a", each=each)(placed(lambda _: ())).each) == labels


@pytest.mark.parametrize("each", [(1, "1"), (b"", "empty"), (b"\1", b"\1")])
def test_two_attempts_under_one_label_are_refused(each):
    with pytest.raises(ValueError, match="two attempts of toy/server/some-topic/cut-short have the same label"):
        case(fetch, "d/1/a", each=each)(placed(lambda _: ()))


@pytest.mark.parametrize(("doc", "requirements"), [(None, ["d/1/a"]), ("", ["d/1/a"]), ("Sent.", [])])
@pytest.mark.parametrize("kind", [lambda *r: case(fetch, *r), lambda *r: watch("toy.server", *r)])
def test_a_docstring_and_a_requirement_are_needed(kind, doc, requirements, registry):
    with pytest.raises(ValueError, match="toy/server/some-topic/cut-short needs a docstring and a requirement"):
        kind(*requirements)(placed(lambda part: (), doc=doc))
    assert registry == {}


@pytest.mark.parametrize("second", [lambda *r: case(fetch, *r), lambda *r: watch("toy.server", *r)])
def test_an_id_is_given_once(second, registry):
    first = case(fetch, "d/1/a")(placed(lambda: ()))
    with pytest.raises(ValueError, match="two cases are called toy/server/some-topic/cut-short"):
        second("d/1/a")(placed(lambda: ()))
    assert list(registry.values()) == [first]


@pytest.mark.parametrize(
    ("expect", "good"),
    [
        ([REFUSED, REFUSED], False),
        ([REFUSED.at("400"), REFUSED], False),
        ([REFUSED, ACCEPTED], False),
        ([REFUSED, ACCEPTED.per("d/1/b"), REFUSED.at("400")], False),
        ({"first": [ACCEPTED], "second": [REFUSED, REFUSED.at("401")]}, False),
        ([REFUSED.at("400"), REFUSED.per("d/1/b")], True),
        ({"first": [ACCEPTED], "second": [REFUSED]}, True),
        ((), True),
    ],
)
def test_every_outcome_but_the_best_says_what_allows_it(expect, good):
    if good:
        assert case(fetch, "d/1/a", expect=expect)(placed(lambda: ())).expect == expect
    else:
        with pytest.raises(UsageError, match=r"is allowed beside .*, and nothing says why"):
            case(fetch, "d/1/a", expect=expect)


def test_a_watch_is_its_place(registry):
    def look(part):
        return ()

    declared = watch("toy.server", "d/1/a", where={"http": "first"})(placed(look, "sees_all", "Looks."))
    assert registry == {"toy/server/some-topic/sees-all": declared}
    assert (declared.role, declared.requirements, declared.look) == ("toy.server", ("d/1/a",), look)
    assert (declared.doc, declared.where) == ("Looks.", {"http": "first"})


VALID = Vector("toy/doc-a/good_one", {"x": "00"}, "valid", ("d/1/a",), comment="A good one")
CUT = Vector("toy/doc-a/cut", {"x": ""}, "invalid", ("d/1/b",), twin=VALID.id, change="x is cut")
BARE = Vector("toy/doc-a/bare", {"x": "01"}, "valid", ("d/1/a",))


def made_of(monkeypatch, **told):
    """What `from_vectors` makes, called in a file of cases."""
    about = ("conformance-vectors/1", "toy")
    files = [
        VectorFile(*about, "toy.request", "doc", "A", "Document, Appendix A", "published", (VALID, CUT)),
        VectorFile(*about, "toy.answer", "doc", "B", "Document, Appendix B", "published", (BARE,)),
    ]
    asked = []
    monkeypatch.setattr(vectors, "load", lambda pattern: asked.append(pattern) or files)
    told = {"expect": lambda v: [ACCEPTED] if v.valid else [REFUSED], "settings": lambda v: {"x": v.octets("x")}} | told
    made = eval(
        "make(fetch, 'toy/*', **told)", {"__name__": MODULE, "make": from_vectors, "fetch": fetch, "told": told}
    )
    assert asked == ["toy/*"]
    return made


def test_a_case_of_each_vector(monkeypatch, registry):
    good, cut, bare = made_of(monkeypatch, needs=["lab"], where=lambda v: {"http": [1]} if v.valid else {})
    assert list(registry.values()) == [good, cut, bare]
    assert good.id == "toy/server/some-topic/doc-a/good-one"
    assert [c.doc for c in (good, cut, bare)] == [
        "Document, Appendix A: A good one", "Document, Appendix A: x is cut", "Document, Appendix B: toy/doc-a/bare",
    ]  # fmt: skip
    assert [c.requirements for c in (good, cut, bare)] == [("d/1/a",), ("d/1/b",), ("d/1/a",)]
    assert [c.expect for c in (good, cut, bare)] == [[ACCEPTED], [REFUSED], [ACCEPTED]]
    assert [c.where for c in (good, cut, bare)] == [{"http": [1]}, {}, {"http": [1]}]
    assert {c.needs for c in (good, cut, bare)} == {frozenset(["lab"])}


def test_the_twin_of_an_invalid_vector_is_the_valid_one(monkeypatch):
    good, cut, _ = made_of(monkeypatch)
    assert list(cut.attempts()) == [("changed", (given(x=b""),))]
    assert cut.settings == {"x": b"\0"}
    assert list(good.attempts()) == [("changed", (given(x=b"\0"),))]
    assert good.settings == {}


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"kind": "toy.answer"}, ["bare"]),
        ({"kind": "toy.other"}, []),
        ({"only": lambda v: not v.valid}, ["cut"]),
    ],
)
def test_vectors_are_chosen(monkeypatch, told, names):
    assert [c.id.rpartition("/")[2] for c in made_of(monkeypatch, **told)] == names


def test_requirements_in_place_of_the_vectors_own(monkeypatch):
    assert {c.requirements for c in made_of(monkeypatch, requirements=["d/9/z"])} == {("d/9/z",)}


def seen(**values):
    parts = [
        Part(name.replace("_", " "), events=[Event(0, "", "decoded", "keys", octets=o) for o in told])
        for name, told in values.items()
    ]
    return Transcript("a/b", {}, (Part(TWIN, events=[Event(0, "", "decoded", "keys", octets=b"twin")]), *parts))


@pytest.mark.parametrize(
    ("transcript", "observation", "measure"),
    [
        (seen(), "as-expected", {"fetches": 0, "vantage": 0, "values": 0, "share": 1.0}),
        (seen(here_1=[b"k"]), "as-expected", {"fetches": 1, "vantage": 1, "values": 1, "share": 0.95}),
        (seen(here_1=[b"k"] * 29, there_1=[b"k"] * 30), "as-expected",
         {"fetches": 59, "vantage": 2, "values": 1, "share": 0.05}),
        (seen(here_1=[b"k"], here_2=[b"k"], none_1=[]), "as-expected",
         {"fetches": 2, "vantage": 1, "values": 1, "share": 0.776}),
        (seen(here_1=[b"k"], there_1=[b"other"]), "leak", {"fetches": 2, "vantage": 2, "values": 2, "share": 0.776}),
    ],
)  # fmt: skip
def test_one_value_for_all(transcript, observation, measure):
    finding = one_value(transcript, "keys")
    assert (finding.observation, finding.measure) == (observation, measure)


def test_one_value_says_what_it_counts_by():
    finding = one_value(seen(here_1=[b"k"]), "keys", by="client")
    assert finding.measure["client"] == 1
    assert finding.because == "1 fetches from 1 clients gave one value; one shown to 95% would have been seen"
    assert one_value(seen(a=[b"k"], b=[b"l"]), "keys").because == "2 different values in 2 fetches"
    assert one_value(seen(a=[b"k"], b=[b"l"]), "other").measure["fetches"] == 0


def test_a_canary_is_its_name_s_own_and_always_the_same():
    assert canary("cookie") == canary(b"cookie") != canary("host")
    assert canary("cookie").startswith(b"canary-")


def test_leaks_are_marks_that_left_and_were_seen_where_they_must_not_be():
    mark, other = canary("cookie"), canary("host")
    part = Part("changed")
    part.events += [
        Event(0.0, "", "sent", "outer", {}, b"cookie: " + mark),
        Event(1.0, "gateway", "received", "outer", {}, b"nothing but " + other),
        Event(2.0, "relay", "received", "outer", {}, mark),
    ]
    assert [f.observation for f in leaks(part, to="gateway")] == ["as-expected"]
    assert [f.observation for f in leaks(part, to="relay")] == ["leak"]
    assert list(leaks(part, to="target")) == []
