"""Changes as data: where they belong, and how a person reads them."""

import pytest

from conformance.model import GIVEN, IN_LEAVING, IN_MESSAGE, Change
from conformance.wire import Message, UInt


def test_operations_have_one_kind_each():
    assert not {*IN_MESSAGE} & {*IN_LEAVING, GIVEN}
    assert len({*IN_MESSAGE, *IN_LEAVING, GIVEN}) == len(IN_MESSAGE) + len(IN_LEAVING) + 1


@pytest.mark.parametrize(
    ("point", "name", "nth", "belongs"),
    [
        ("log", "log", 0, True),
        ("log", "log", 5, True),
        ("log[1]", "log", 1, True),
        ("log[1]", "log", 0, False),
        ("log[1]", "log", 11, False),
        ("log", "lo", 0, False),
        ("", "log", 0, False),
    ],
)
def test_a_change_belongs_to_arrivals_at_its_point(point, name, nth, belongs):
    assert Change(point, "", "drop").applies_to(name, nth) is belongs


@pytest.mark.parametrize(("path", "place"), [("", "request"), ("enc", "request.enc"), ("a[0].b", "request.a[0].b")])
def test_place(path, place):
    assert Change("request", path, "drop").place == place


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (Change("p", "a", "drop"), "drop(p.a)"),
        (Change("p", "", "drop"), "drop(p)"),
        (Change("p", "a", "cut", (1,)), "cut(p.a, 1)"),
        (Change("p", "a", "cut", (1,), wire=True), "cut(p.a, 1, wire only)"),
        (Change("p", "a", "put", (b"\1\2",)), "put(p.a, 0102)"),
        (Change("p", "a", "put", (b"",)), "put(p.a, (empty))"),
        (Change("p", "a", "put", (bytes(24),)), f"put(p.a, {'00' * 24})"),
        (Change("p", "a", "put", (bytes(25),)), f"put(p.a, {'00' * 16}… (25 octets))"),
        (Change("p", "a", "put", ("x" * 60,)), f"put(p.a, {'x' * 60})"),
        (Change("p", "a", "put", ("x" * 61,)), f"put(p.a, {'x' * 57}…)"),
        (Change("p", "a", "put", (UInt(258, 2),)), "put(p.a, 0102)"),
        (Change("p", "", "put", (Message(a=bytes(25)),)), f"put(p, {'00' * 16}… (25 octets))"),
        (Change("p", "", "put", (Message(a=lambda get: get("around")),)), "put(p, <Message>)"),
        (Change("", "", GIVEN, (("padding", 3), ("key", b"\xff"))), "given(padding=3, key=ff)"),
        (Change("", "", GIVEN), "given()"),
    ],
)
def test_a_change_for_people(change, told):
    assert str(change) == told
