"""What is computed from a changed part follows it; nothing else does."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import IN_LEAVING, IN_MESSAGE, Change
from conformance.wire import Many, Message, Sealed, UInt, Varint, leaves, parse_path


def change(path, op, *args, wire=False):
    return Change("point", path, op, args, wire)


def digest(*parts):
    return hashlib.sha256(b"".join(len(p).to_bytes(4, "big") + p for p in parts)).digest()[:4]


def word(text):
    return Message(length=lambda get: Varint(len(get("text"))), text=text)


RECIPE = Message(
    kind=UInt(7, 2),
    count=Varint(5),
    length=lambda get: Varint(len(get("body"))),
    body=Message(
        size=lambda get: UInt(len(get("text")), 1),
        text=b"hello",
        words=Many([word(b"One"), word(b"two"), word(b"three")], key="text"),
        of=lambda get: get("kind"),  # looked up outwards
    ),
    key=Sealed(b"secret"),
    inner=Sealed(Message(length=lambda get: UInt(len(get("value")), 1), value=b"sealed", rest=b"!")),
    items=Sealed(Many([b"a", b"b"])),
    seal=lambda get: digest(get("key"), get("inner"), get("items"), get("body")),
    tail=b"end",
)
HONEST = RECIPE.build()
CONTAINERS = {"", "body", "body.words", "inner", "items"}


def differing(built):
    """The paths, containers aside, of what is not as in the honest message."""
    before, after = HONEST.fields, built.fields
    paths = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    return {p for p in paths if not any(other.startswith((p + ".", p + "[")) for other in paths) and p}


def check(built, changes=1):
    """What holds of every build, whatever was changed."""
    assert built.applied <= set(range(changes))
    assert bool(built.applied) >= built.changed
    for octets, spans in ((built.octets, built.spans), *((o, s) for _, o, s, _ in built.sealed)):
        assert all(0 <= s.start <= s.end <= len(octets) for s in spans)
        covered = leaves(octets, spans)
        assert b"".join(octets[s.start : s.end] for s in covered) == octets
    fields = built.fields
    assert fields[""] == built.octets
    assert all(fields[s.path] == built.octets[s.start : s.end] for s in {s.path: s for s in built.spans}.values())


def test_the_honest_message():
    assert HONEST.octets == RECIPE.encode() == b"".join((
        b"\0\7", b"\5", b"\x16", b"\5hello", b"\3One\3two\5three", b"\0\7",
        digest(b"secret", b"\6sealed!", b"ab", b"\5hello\3One\3two\5three\0\7"), b"end",
    ))  # fmt: skip
    assert (HONEST.changed, HONEST.applied, HONEST.leaving) == (False, frozenset(), ())
    assert {p: HONEST.fields[p] for p in ("body.words[2].text", "inner.value", "items[1]", "key", "seal")} == {
        "body.words[2].text": b"three",
        "inner.value": b"sealed",
        "items[1]": b"b",
        "key": b"secret",
        "seal": HONEST.octets[-7:-3],
    }
    assert [(path, octets, changed) for path, octets, _, changed in HONEST.sealed] == [
        ("key", b"secret", False), ("inner", b"\6sealed!", False), ("items", b"ab", False),
    ]  # fmt: skip
    check(HONEST, 0)


BODY = {"length", "seal"}  # what is computed from the body

FOLLOWING = [
    # of each kind of part, what is changed and what follows
    (change("tail", "put", b"other"), b"other", {"tail"}),
    (change("tail", "cut", 2), b"e", {"tail"}),
    (change("tail", "extend", b"!"), b"end!", {"tail"}),
    (change("tail", "flip", -1, 0x20), b"enD", {"tail"}),
    (change("tail", "drop"), b"", {"tail"}),
    (change("tail", "insert", 1, b"--"), b"e--nd", {"tail"}),
    (change("tail", "insert", -1, UInt(33, 1)), b"end!", {"tail"}),
    (change("tail", "insert", -4, Message(a=b"x")), b"xend", {"tail"}),
    (change("tail", "repeat", 2), b"endend", {"tail"}),
    (change("tail", "swap", 0, -1), b"dne", {"tail"}),
    (change("tail", "put", Varint(64)), b"\x40\x40", {"tail"}),
    (change("kind", "put", 0x0102), b"\1\2", {"kind", "body.of", "seal"}),
    (change("kind", "put", 0x1_0102), b"\1\2", {"kind", "body.of", "seal"}),
    (change("kind", "widen", 3), b"\0\0\7", {"kind", "body.of", "seal", "length"}),
    (change("kind", "flip", 1, 1), b"\0\6", {"kind", "body.of", "seal"}),
    (change("kind", "put", b"octets"), b"octets", {"kind", "body.of", "seal", "length"}),
    (change("kind", "put", 9, wire=True), None, set()),
    (change("kind", "put", UInt(9, 2), wire=True), b"\0\x09", {"kind"}),
    (change("kind", "flip", wire=True), None, set()),
    (change("kind", "cut", 1, wire=True), b"\0", {"kind"}),
    (change("count", "put", 64), b"\x40\x40", {"count"}),
    (change("count", "widen", 4), b"\x80\0\0\5", {"count"}),
    (change("count", "put", UInt(5, 3)), b"\0\0\5", {"count"}),
    (change("length", "put", 1), b"\1", {"length"}),
    (change("length", "widen", 2), b"\x40\x16", {"length"}),
    (change("seal", "flip", 0, 255), None, {"seal"}),
    (change("body", "put", b"!"), b"!", {"body.size", "body.text", "body.of"} | BODY),
    (change("body", "extend", b"more"), b"\5hello\3One\3two\5three\0\7more", {"body"} | BODY),
    (change("body", "cut", 1, wire=True), b"\5hello\3One\3two\5three\0", {"body.of"}),
    (change("body", "put", Message(x=b"yz")), b"yz", None),
    (change("body.text", "put", b"hallo"), b"hallo", {"body.text", "seal"}),
    (change("body.text", "cut", 1), b"hell", {"body.text", "body.size"} | BODY),
    (change("body.text", "cut", 1, wire=True), b"hell", {"body.text"}),
    (change("body.text", "drop", wire=True), b"", {"body.text"}),
    (change("body.text", "put", Many([b"a", UInt(1, 1)]), wire=True), b"a\1", {"body.text"}),
    (change("body.size", "put", 6), b"\6", {"body.size", "seal"}),
    (change("body.of", "put", b"\0\0"), b"\0\0", {"body.of", "seal"}),
    (change("body.words[1].text", "put", b"2"), b"2", {"body.words[1].text", "body.words[1].length"} | BODY),
    (change("body.words.TWO.text", "put", b"2"), None, {"body.words[1].text", "body.words[1].length"} | BODY),
    (change("body.words[-1].length", "put", 0), None, {"body.words[2].length", "seal"}),
    (change("key", "put", b"another"), b"another", {"key", "seal"}),
    (change("key", "extend", b"!", wire=True), b"secret!", {"key", "seal"}),
    (change("inner.value", "cut", 1), b"seale", {"inner.value", "inner.length", "seal"}),
    (change("inner.value", "cut", 1, wire=True), b"seale", {"inner.value", "seal"}),
    (change("inner", "put", Message(value=b"v")), b"v", None),
    (change("items", "insert", 0, b"z"), b"zab", None),
    (change("items[1]", "put", b"c"), b"c", {"items[1]", "seal"}),
]  # fmt: skip


@pytest.mark.parametrize(("one", "octets", "follow"), FOLLOWING, ids=lambda v: str(v) if isinstance(v, Change) else "")
def test_what_follows_a_change(one, octets, follow):
    built = RECIPE.build([one])
    check(built)
    assert built.changed is bool(built.applied) is (follow != set())
    if octets is not None:
        assert built.fields[one.path] == octets
    if follow is not None:
        gone = {p for p in differing(built) if p.startswith("body.words") and one.path == "body"}
        assert differing(built) - gone == follow


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ([change("", "insert", 0, b"0")], b"0One two three "),
        ([change("", "insert", -1, b"4")], b"One two three 4"),
        ([change("", "insert", -2, Message(a=b"4"))], b"One two 4three "),
        ([change("", "insert", 3, UInt(52, 1))], b"One two three 4"),
        ([change("", "insert", 0, lambda get: get("end"))], b";One two three "),
        ([change("", "swap", 0, -1)], b"three two One "),
        ([change("[0]", "swap", 1)], b"two One three "),
        ([change("[-1]", "swap", -2)], b"One three two "),
        ([change("one", "drop")], b"two three "),
        ([change("[-2]", "drop")], b"One three "),
        ([change("[1]", "repeat")], b"One two two three "),
        ([change("[1]", "repeat", 3)], b"One two two two three "),
        ([change("[1]", "repeat", 1)], b"One two three "),
        ([change("[1]", "repeat", 0)], b"One three "),
        ([change("two.name", "put", b"2")], b"One 2 three "),
        ([change("[1]", "put", b"2,")], b"One 2,three "),
        ([change("[0]", "drop"), change("[0]", "drop")], b"three "),
        ([change("[0]", "drop"), change("two", "swap", 1)], b"three two "),
        ([change("[0].name", "put", b"1"), change("[0]", "repeat")], b"1 1 two three "),
        ([change("[0]", "repeat"), change("[0].name", "put", b"1")], b"1 One two three "),
        ([change("[0]", "repeat"), change("[1].name", "put", b"1")], b"One 1 two three "),
        ([change("[0].name", "put", b"1"), change("[0]", "swap", 2)], b"three two 1 "),
        ([change("", "insert", 0, Message(name=b"0")), change("[0].name", "repeat", 2)], b"00One two three "),
        ([change("", "insert", 0, Message(name=b"two")), change("two.name", "put", b"x")], b"xOne two three "),
        ([change("", "extend", b"4 "), change("[0]", "drop")], b"two three 4 "),
        ([change("[0].name", "drop"), change("", "put", Many([b"x", b"y"])), change("[0]", "drop")], b"y"),
    ],
)
def test_lists(changes, wanted):
    recipe = Message(
        length=lambda get: Varint(len(get("list"))),
        list=Many([Message(name=n, end=b" ") for n in (b"One", b"two", b"three")], key="name"),
        end=Sealed(b";"),
    )
    built = recipe.build([Change("p", f"list{'.' * (c.path[:1] not in {'', '['})}{c.path}", c.op, c.args)
                          for c in changes])  # fmt: skip
    check(built, len(changes))
    assert built.fields["list"] == wanted
    assert built.fields["length"] == bytes([len(wanted)])
    assert built.changed is (wanted != b"One two three ")
    if built.changed:
        assert any(s.changed for s in built.spans)


@pytest.mark.parametrize(
    ("changes", "wanted", "applied"),
    [
        ([("x", "extend", b"!"), ("x", "cut", 2)], b"\5abcde", {0, 1}),
        ([("x", "cut", 2), ("x", "extend", b"!")], b"\5abcd!", {0, 1}),
        ([("x", "put", b"z"), ("x", "put", b"yy")], b"\2yy", {0, 1}),
        ([("x", "put", UInt(1, 2)), ("x", "put", 2)], b"\2\0\2", {0, 1}),
        ([("x", "put", 2), ("x", "put", UInt(1, 2))], b"\2\0\1", {1}),
        ([("x", "extend", b"!"), ("x", "put", UInt(1, 2))], b"\2\0\1", {1}),
        ([("x", "flip", 0, 1), ("x", "put", UInt(1, 2))], b"\2\0\1", {1}),
        ([("x", "put", UInt(1, 2)), ("x", "extend", b"!")], b"\3\0\1!", {0, 1}),
        ([("x", "put", UInt(1, 2)), ("x", "extend", b"!"), ("x", "widen", 1)], b"\2\1!", {0, 1, 2}),
        ([("x", "put", Varint(1, 4)), ("x", "put", 2)], b"\4\x80\0\0\2", {0, 1}),
        ([("x", "put", Varint(1, 2)), ("x", "put", 1 << 20)], b"\4\x80\x10\0\0", {0, 1}),
        ([("x", "put", Message(y=b"1")), ("x.y", "put", b"22")], b"\x0222", {0, 1}),
        ([("x.y", "put", b"22"), ("x", "put", Message(y=b"1"))], b"\x011", {1}),
        ([("x", "put", Message(y=b"1")), ("x", "drop"), ("x.y", "put", b"22")], b"\0", {0, 1}),
        ([("x", "put", Message(y=b"1")), ("x", "put", b"3"), ("x.y", "put", b"22")], b"\x013", {0, 1}),
        ([("x", "put", b"3"), ("x", "put", Message(y=b"1")), ("x.y", "put", b"22")], b"\x0222", {1, 2}),
        ([("", "extend", b"?"), ("x", "cut", 5)], b"\1a?", {0, 1}),
    ],
)  # fmt: skip
def test_several_changes_are_applied_in_order(changes, wanted, applied):
    recipe = Message(n=lambda get: Varint(len(get("x"))), x=b"abcdef")
    built = recipe.build([change(*c) for c in changes])
    check(built, len(changes))
    assert built.octets == wanted
    assert built.applied == applied


WIRE = {"wire": True}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ([change("x", "put", b"?", **WIRE), change("x", "extend", b"!")], b"\4?!;"),
        ([change("x", "extend", b"!"), change("x", "put", b"?", **WIRE)], b"\4?;"),
        ([change("x", "put", b"?", **WIRE), change("x", "flip", 2, 32)], b"\3?;"),
        ([change("x", "extend", b"!", **WIRE), change("x", "flip", 3, 1)], b"\3abc ;"),
        ([change("x", "put", b"?", **WIRE), change("", "extend", b"!")], b"\3?;!"),
        ([change("m", "insert", 0, b"<", **WIRE)], b"\3abc<;"),
        ([change("m", "insert", 0, b"<", **WIRE), change("m[0]", "repeat")], b"\3abc<<;"),
        ([change("m[0]", "drop", **WIRE)], b"\3abc"),
        ([change("m[0]", "repeat", 2, **WIRE)], b"\3abc;;"),
    ],
)
def test_changes_on_the_wire_are_kept_and_nothing_follows_them(changes, wanted):
    recipe = Message(n=lambda get: Varint(len(get("x"))), x=b"abc", m=Many([b";"]), of=Sealed(lambda get: get("m")))
    built = recipe.build(changes)
    check(built, len(changes))
    assert built.octets == wanted
    assert built.applied == set(range(len(changes)))
    assert built.fields["of"] == b";"


NOT_APPLIED = [
    change("nothing", "drop"),
    change("tail.deeper", "drop"),
    change("[0]", "drop"),
    change("body.words[3]", "drop"),
    change("body.words[-4]", "drop"),
    change("body.words.four", "drop"),
    change("body.words[0][0]", "drop"),
    change("items.c", "drop"),
    change("body.words", "insert", 4, b""),
    change("body.words", "insert", -5, b""),
    change("body.words", "insert", 0, "text"),
    change("body.words", "insert", 0, 7),
    change("body.words", "swap", 0, 3),
    change("body.words", "swap", 0, 1, wire=True),
    change("body.words[0]", "swap", 1, wire=True),
    change("body.words[0]", "swap", 3),
    change("body.words[0]", "swap"),
    change("tail", "cut", 0),
    change("tail", "cut", 4),
    change("tail", "cut", -1),
    change("tail", "extend", 1),
    change("tail", "flip", 3, 1),
    change("tail", "flip", -4, 1),
    change("tail", "flip", 0, 0),
    change("tail", "flip", 0, 256),
    change("tail", "flip", 0, -1),
    change("tail", "put", 5),
    change("tail", "put", "text"),
    change("tail", "put"),
    change("tail", "put", Varint(-1)),
    change("tail", "put", Varint(1 << 62), wire=True),
    change("tail", "insert", 4, b"x"),
    change("tail", "insert", -5, b"x"),
    change("tail", "insert", 0, None),
    change("tail", "swap", 0, 3),
    change("tail", "swap", -4, 0),
    change("tail", "swap", 0),
    change("tail", "repeat"),
    change("tail", "widen", 2),
    change("count", "widen", 3),
    change("count", "put", -1),
    change("count", "put", 1 << 62),
    change("kind", "widen", -1),
    change("kind", "widen", 3, wire=True),
    change("body", "widen", 3),
]


@pytest.mark.parametrize("one", NOT_APPLIED, ids=str)
def test_what_cannot_be_done_is_left_out(one):
    assert RECIPE.build([one]) == HONEST
    built = RECIPE.build([one, change("tail", "put", b"END"), one])
    assert built.applied == {1}
    assert differing(built) == {"tail"}


@pytest.mark.parametrize("op", IN_LEAVING)
def test_changes_of_leaving_change_no_octets(op):
    one, other = change("", op, 1), change("tail", "drop")
    built = RECIPE.build([one, other])
    assert (built.leaving, built.applied) == ((one,), {1})
    assert built.octets == HONEST.octets[:-3]


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("entry[-1].key", ("entry", "[-1]", "key")),
        ("a[0][12]", ("a", "[0]", "[12]")),
        ("[00].content-type", ("[0]", "content-type")),
    ],
)
def test_paths(path, segments):
    assert parse_path(path) == segments


@pytest.mark.parametrize("path", [".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[1", "a]", "a[1]b", "a[[1]]", "a[-]"])
def test_what_is_no_path(path):
    with pytest.raises(ValueError, match="is no path"):
        parse_path(path)
    with pytest.raises(ValueError, match="is no path"):
        RECIPE.build([change(path, "drop")])


def test_numbers():
    assert UInt(0x0102, 1).encode() == b"\2"  # as a careless encoder would have it
    assert UInt(-1, 2).encode() == b"\xff\xff"
    assert UInt(5, 0).encode() == b""
    assert Varint(5, 4).encode() == b"\x80\0\0\5"
    with pytest.raises(ValueError, match="does not fit"):
        Message(n=Varint(64, 1)).encode()


def test_parts_may_be_given_as_a_mapping():
    assert Message({"not-a-name": b"a", "b": b"c"}, b=b"d", e=b"f").encode() == b"adf"


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (lambda get: b"x", b"x"),
        (lambda get: UInt(1, 2), b"\0\1"),
        (lambda get: Message(a=get("other")), b"o"),
        (lambda get: Many([get("other"), b"p"]), b"op"),
        (lambda get: lambda get: get("other"), b"o"),
        (lambda get: Sealed(b"x"), b""),
    ],
)
def test_a_computed_part_may_be_any_part(part, wanted):
    built = Message(part=part, other=b"o").build()
    assert built.octets == wanted + b"o"
    check(built, 0)


def test_a_part_of_this_message_hides_one_around_it():
    recipe = Message(a=b"outer", m=Message(a=b"inner", x=lambda get: get("a"), n=Many([lambda get: get("b")])), b=b"!")
    assert recipe.encode() == b"outer" + b"inner" + b"inner" + b"!" + b"!"
    changed = recipe.build([change("a", "put", b"o"), change("m.a", "put", b"i")])
    assert changed.octets == b"oii!!"


@pytest.mark.parametrize(
    ("recipe", "error", "why"),
    [
        (Message(a=lambda get: get("b")), KeyError, "no part 'b' here or around the message"),
        (Message(m=Message(a=lambda get: get("b"))), KeyError, "no part 'b' here or around m"),
        (Message(a=lambda get: get("b"), b=lambda get: get("a")), RecursionError, "a is computed from itself"),
        (Message(m=Message(a=lambda get: get("m"))), RecursionError, "m is computed from itself"),
    ],
)
def test_recipes_that_cannot_be(recipe, error, why):
    with pytest.raises(error, match=why):
        recipe.build()


def test_a_list_put_in_place_of_a_message_has_nothing_around_it():
    with pytest.raises(KeyError, match="no part 'tail'"):
        RECIPE.build([change("", "put", Many([lambda get: get("tail")]))])
    assert RECIPE.build([change("", "put", Many([b"a", lambda _: b"b"]))]).octets == b"ab"


@pytest.mark.parametrize("op", ["insert", "repeat", "swap"])
def test_sealed_items_stay_sealed_when_they_are_moved(op):
    recipe = Message(list=Many([Sealed(b"a"), b"b"]), of=lambda get: get("list"))
    one = change("list", op, 0, Sealed(b"c")) if op == "insert" else change("list[0]", op, 1 + (op == "repeat"))
    built = recipe.build([one])
    check(built)
    assert built.octets == b"bb"
    assert built.changed
    assert {path for path, *_ in built.sealed} <= {"list[0]", "list[1]"}


def test_sealed_parts_within_sealed_parts_have_full_paths():
    built = Message(a=Sealed(Message(b=Sealed(Many([b"x"])), c=lambda get: get("b"))), d=lambda get: get("a")).build()
    assert built.octets == b"x"
    assert built.fields == {"": b"x", "d": b"x", "a": b"x", "a.c": b"x", "a.b": b"x", "a.b[0]": b"x"}


def test_added_octets_belong_to_no_neighbour():
    built = Message(a=b"12", c=b"", b=b"34").build([change("", "insert", 2, b"--")])
    assert built.octets == b"12--34"
    assert {(s.start, s.end) for s in built.spans if s.path == "c"} == {(2, 2)}
    assert {p: built.fields[p] for p in "abc"} == {"a": b"12", "b": b"34", "c": b""}
    assert [(s.path, s.changed) for s in leaves(built.octets, built.spans)] == [
        ("a", False), ("c", False), ("(added)", True), ("b", False),
    ]  # fmt: skip


def test_fields_that_were_changed_away_lie_in_what_took_their_place():
    built = Message(a=b"12", b=b"34", c=b"56").build([change("", "put", b"1--6")])
    assert {p: built.fields[p] for p in "abc"} == {"a": b"1--", "b": b"--", "c": b"--6"}
    assert [(s.path, s.changed) for s in built.spans] == [("a", True), ("b", True), ("c", True)]


def test_both_that_changed_places_are_marked():
    built = RECIPE.build([change("body.words", "swap", 0, 2)])
    marked = {s.path for s in built.spans if s.changed}
    assert {"body.words[0]", "body.words[2].text"} <= marked
    assert not {p for p in marked if p.startswith("body.words[1]")}


def test_only_literal_octets_name_an_item():
    items = [Message(name=UInt(97, 1)), Message(name=lambda _: b"a"), b"a", Message(x=b"a"), Message(name=b"A", x=b"!")]
    recipe = Message(list=Many(items, key="name"))
    assert recipe.build([change("list.a.x", "put", b"?")]).octets == b"aaaaA?"
    assert Message(list=Many([b"a", b"b"])).build([change("list.B", "drop")]).octets == b"a"  # no key: by its own


# Properties over recipes and changes of any shape

NAMES = "abcd"
octets = st.binary(max_size=6)
numbers = st.builds(UInt, st.integers(0, 300), st.integers(0, 3)) | st.builds(Varint, st.integers(0, 1 << 20))


def counted(kind):
    def part(name):
        return lambda get: kind(len(get(name))) if kind is Varint else kind(len(get(name)), 1)

    return part


@st.composite
def messages(draw, inside):
    """A message of up to four parts, some computed from those that stand in front in its (shuffled) order of making."""
    order = draw(st.permutations(NAMES))[: draw(st.integers(0, 4))]
    made = {}
    for n, name in enumerate(order):
        if n and draw(st.booleans()):
            source, kind = draw(st.sampled_from(order[:n])), draw(st.sampled_from([UInt, Varint, bytes]))
            part = (lambda get, source=source: digest(get(source))) if kind is bytes else counted(kind)(source)
        else:
            part = draw(inside)
        made[name] = Sealed(part) if draw(st.integers(0, 4)) == 0 else part
    return Message({name: made[name] for name in sorted(made)})


parts = st.recursive(
    octets | numbers,
    lambda inside: messages(inside) | st.builds(Many, st.lists(inside, max_size=3), st.sampled_from(["", "a"])),
    max_leaves=8,
)
recipes = messages(parts)
small = st.integers(-3, 4)
anything = st.one_of(octets, small, parts, st.sampled_from([1 << 70, -(1 << 70), 256]))


@st.composite
def changed(draw):
    """A recipe and changes, most of which name parts that there are."""
    recipe = draw(recipes)
    known = sorted({p for p in recipe.build().fields if p != "(added)"})
    segment = st.sampled_from([*NAMES, "[0]", "[-1]", "[2]"])
    path = st.sampled_from(known) | st.lists(segment, max_size=3).map(lambda s: ".".join(s).replace(".[", "["))
    args = {
        "cut": st.tuples(small), "extend": st.tuples(anything), "put": st.tuples(anything), "drop": st.just(()),
        "flip": st.tuples(small, st.integers(-1, 256)), "insert": st.tuples(small, anything), "widen": st.tuples(small),
        "repeat": st.tuples() | st.tuples(small), "swap": st.tuples(small) | st.tuples(small, small),
    }  # fmt: skip
    one = st.sampled_from(IN_MESSAGE).flatmap(
        lambda op: st.builds(Change, st.just("p"), path, st.just(op), args[op], st.booleans())
    )
    return recipe, draw(st.lists(one, min_size=1, max_size=4))


@given(recipes)
def test_a_recipe_without_changes_is_the_honest_message(recipe):
    built = recipe.build()
    assert built.octets == recipe.encode() == recipe.build([change("", "delay", 1)]).octets
    assert not built.changed
    check(built, 0)
    assert not any(s.changed for s in built.spans)
    ends = [s for s in leaves(built.octets, built.spans) if not s.path]
    assert ends == []  # every octet has a field


@given(changed())
def test_any_changes_of_any_recipe(case):
    recipe, changes = case
    built = recipe.build(changes)
    check(built, len(changes))
    assert built == recipe.build(changes)
    if built.octets != recipe.encode():
        assert built.changed


@given(changed())
def test_changes_that_were_not_applied_have_no_part_in_it(case):
    recipe, changes = case
    built = recipe.build(changes)
    again = recipe.build([c for n, c in enumerate(changes) if n in built.applied])
    assert (again.octets, again.spans, again.sealed) == (built.octets, built.spans, built.sealed)
    assert again.applied == set(range(len(built.applied)))


@given(changed())
def test_a_change_on_the_wire_alters_nothing_but_what_is_marked(case):
    recipe, changes = case
    honest = recipe.build()
    for one in changes:
        built = recipe.build([Change(one.point, one.path, one.op, one.args, wire=True)])
        if one.op == "insert" or any(sealed for *_, sealed in built.sealed):
            continue  # items get other numbers; what is computed from what was sealed follows
        marked = [s.path for s in built.spans if s.changed]
        still = {p for p in honest.fields if not any((m + ".").startswith((p + ".", p + "[")) for m in ("", *marked))}
        assert {p: built.fields[p] for p in still if p} == {p: honest.fields[p] for p in still if p}
