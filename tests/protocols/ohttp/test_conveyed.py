"""What a gateway may change on the way, and what it may not."""

import pytest

from conformance.protocols.ohttp.exchanges._gateway import crossing, request_differs, response_differs
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse


def arrived(fields=(), method="POST", target="/p?q=1"):
    return {"method": method, "target": target, "fields": [list(pair) for pair in fields]}


def sent(*fields):
    return BinaryRequest(b"POST", b"http", b"h", b"/p?q=1", fields, b"c")


@pytest.mark.parametrize(
    ("request_inside", "at_the_target", "differs"),
    [
        (sent(), arrived(), ""),
        (sent(), arrived(target="http://h:1/p?q=1"), ""),
        (sent(), arrived(target="/p"), "another path"),
        (sent(), arrived(method="post"), "another method"),
        (sent((b"X-A", b"1")), arrived([("x-a", "1"), ("via", "1.1 g")]), ""),
        (sent((b"x-a", b"1")), arrived(), "without x-a"),
        (sent((b"x-a", b"1"), (b"x-a", b"2")), arrived([("x-a", "1,2")]), ""),
        (sent((b"x-a", b"1"), (b"x-a", b"2")), arrived([("x-a", "2, 1")]), "another value of x-a"),
        (sent((b"cookie", b"a=1"), (b"cookie", b"b=2")), arrived([("cookie", "a=1; b=2")]), ""),
        (sent((b"cookie", b"a=1"), (b"cookie", b"b=2")), arrived([("cookie", "a=1, b=2")]), "another value of cookie"),
        (sent((b"connection", b"x-a"), (b"x-a", b"1"), (b"te", b"trailers"), (b":x", b"1")), arrived(), ""),
        (sent((b"content-length", b"1"), (b"host", b"x"), (b"x-o", b"\xff")), arrived([("x-o", "\xff")]), ""),
    ],
)
def test_a_request_is_conveyed(request_inside, at_the_target, differs):
    assert request_differs(request_inside, at_the_target) == differs


@pytest.mark.parametrize(
    ("wanted", "inner", "method", "differs"),
    [
        ({"content": b"x".hex()}, BinaryResponse(200, content=b"x"), b"GET", ""),
        ({}, BinaryResponse(200, content=b"c"), b"POST", ""),
        ({}, BinaryResponse(200, content=b"x"), b"POST", "another content"),
        ({}, BinaryResponse(201, content=b"c"), b"POST", "status 201"),
        ({"content": b"x".hex()}, BinaryResponse(200), b"HEAD", ""),
        ({"status": 304, "content": b"x".hex()}, BinaryResponse(304), b"GET", ""),
        ({"fields": [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]]},
         BinaryResponse(200, ((b"set-cookie", b"a=1, b=2"),), b"c"), b"POST", "another value of set-cookie"),
        ({"fields": [["X-E", ""]]}, BinaryResponse(200, ((b"x-e", b""),), b"c"), b"POST", ""),
        ({"fields": [["X-E", ""]]}, BinaryResponse(200, (), b"c"), b"POST", "without x-e"),
    ],
)  # fmt: skip
def test_a_response_is_conveyed(wanted, inner, method, differs):
    request = BinaryRequest(method, b"http", b"h", b"/", (), b"c")
    assert response_differs({"status": 200, "fields": []} | wanted, inner, request) == differs


def test_lines_of_set_cookie_are_not_combined():
    lines = ((b"Set-Cookie", b"a"), (b"set-cookie", b"b"), (b"x-a", b"1 , 2"))
    assert crossing(lines) == {b"set-cookie": [b"a", b"b"], b"x-a": [b"1,2"]}
