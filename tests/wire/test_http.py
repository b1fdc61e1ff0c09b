"""HTTP messages as recipes: the same changes do the same in every version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Change
from conformance.wire.http import (
    combined,
    field,
    head_spans,
    lines_of,
    malformed,
    malformed_length,
    media_type,
    part_of,
    rendered,
    request,
    response,
    valid_name,
    valid_value,
    values,
)

FIELDS = [(b"Content-Type", b"message/ohttp-req"), (b"Accept", b"*/*")]
VERSIONS = (1, 2, 3)


def made(version, *changes):
    return request(b"POST", b"/x?y", b"example.test", FIELDS, b"hello", version=version).build(changes)


def change(path, op, *args, wire=False):
    return Change("outer", path, op, args, wire)


def test_a_request_of_version_1_is_what_leaves():
    assert made(1).octets == (
        b"POST /x?y HTTP/1.1\r\nHost: example.test\r\nContent-Type: message/ohttp-req\r\nAccept: */*\r\n"
        b"Content-Length: 5\r\n\r\nhello"
    )


def test_a_response_of_version_1_is_what_leaves():
    built = response(404, [(b"A", b"b")], b"no").build()
    assert built.octets == b"HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("version", [2, 3])
def test_a_request_of_later_versions_is_read_back_from_its_rendering(version):
    lines = lines_of(made(version))
    assert lines.fields == (
        (b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"example.test"), (b":path", b"/x?y"),
        (b"content-type", b"message/ohttp-req"), (b"accept", b"*/*"), (b"content-length", b"5"),
    )  # fmt: skip
    assert lines.content == b"hello"
    assert made(version).octets[lines.content_at :] == b"hello"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("one", "gone", "come"),
    [
        (change("method", "put", b"GET"), b"POST", b"GET"),
        (change("target", "put", b"/other"), b"/x?y", b"/other"),
        (change("fields.content-type", "drop"), b"message/ohttp-req", b"hello"),
        (change("fields.content-type.value", "put", b"text/plain"), b"message/ohttp-req", b"text/plain"),
        (change("fields", "insert", 0, field("x-canary", "c")), b"nothing", b"x-canary: c\r\n"),
        (change("content", "put", b"goodbye"), b"hello", b": 7\r\n"),
        (change("content", "cut", 1, wire=True), b"hello", b": 5\r\n"),
    ],
)
def test_a_change_names_the_same_part_in_every_version(version, one, gone, come):
    built = made(version, one)
    assert built.applied == {0}
    assert gone not in built.octets
    assert come in built.octets


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (change("method-name", "drop"), None),
        (change("method", "put", b""), b""),
        (change("method", "put", b"A B"), b"A B"),
    ],
)
def test_a_pseudo_field_can_be_missing_or_wrong(version, one, wanted):
    assert dict(lines_of(made(version, one)).fields).get(b":method") == wanted


def test_octets_put_in_place_of_a_line_are_read_as_one():
    lines = lines_of(made(2, change("fields[1]", "put", b"X: y\r\n")))
    assert (b"X", b"y") in lines.fields
    assert (b"accept", b"*/*") not in lines.fields


def test_octets_behind_a_whole_message_are_content():
    assert lines_of(made(2, change("", "extend", b"more"))).content == b"hellomore"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_content_is_not_announced(version):
    octets = request(b"GET", b"/", b"h", version=version).encode().lower()
    assert b"content-length" not in octets
    assert b"content-length: 0" in response(200, version=version).encode().lower()
    assert b"content-length" not in response(204, version=version).encode().lower()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_authority_is_not_needed(version):
    octets = request(b"GET", b"/", b"", version=version).encode()
    assert b"ost" not in octets
    assert b"authority" not in octets


def test_a_host_of_the_fields_stands():
    assert request(b"GET", b"/", b"a", [(b"HOST", b"b")]).encode() == b"GET / HTTP/1.1\r\nHOST: b\r\n\r\n"


def test_chunks_under_a_coding_of_the_callers():
    octets = request(b"POST", b"/", b"h", [(b"Transfer-Encoding", b"Chunked")], chunks=[b"x"]).encode()
    assert octets.count(b"Transfer-Encoding") == 1


@pytest.mark.parametrize("path", ["fields[1]", "fields"])
def test_what_was_dropped_on_the_wire_is_not_sent(path):
    lines = lines_of(made(2, change(path, "drop", wire=True)))
    assert (b"accept", b"*/*") not in lines.fields
    assert lines.content == b"hello"


def test_what_the_fields_say_of_the_length_stands():
    assert request(b"POST", b"/", b"h", [(b"content-length", b"9")], b"x").encode().count(b"ength") == 1


def test_chunks_and_trailers():
    told = {"chunks": [b"one", b"", b"three"], "trailers": [(b"T", b"v")]}
    assert (
        request(b"POST", b"/", b"h", **told)
        .encode()
        .endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n5\r\nthree\r\n0\r\nT: v\r\n\r\n")
    )
    lines = lines_of(request(b"POST", b"/", b"h", version=2, **told).build())
    assert (lines.content, lines.trailers) == (b"onethree", ((b"t", b"v"),))


@pytest.mark.parametrize("version", VERSIONS)
def test_part_of_finds_what_fields_hold(version):
    built = made(version)
    assert {path: part_of(built, path) for path in built.fields if path} == {k: v for k, v in built.fields.items() if k}
    assert part_of(built, "nothing") is None


def test_head_spans_agree_with_the_recipe():
    built = made(1)
    spans, content_at = head_spans(built.octets, request=True)
    found = {s.path: built.octets[s.start : s.end] for s in spans}
    same = [p for p in found if p.endswith((".name", ".value")) or p in {"method", "target", "version", "content"}]
    assert len(same) == 12
    assert all(found[p] == built.fields[p] for p in same)
    assert built.octets[content_at:] == b"hello"


@given(st.binary(max_size=200), st.booleans())
def test_head_spans_lie_in_any_octets(octets, is_request):
    spans, at = head_spans(octets, request=is_request)
    assert 0 <= at <= len(octets)
    assert all(0 <= s.start <= s.end <= len(octets) for s in spans)


@given(st.lists(st.tuples(st.binary(min_size=1), st.binary()), max_size=5), st.binary())
def test_rendered_spans_hold_name_and_value(lines, content):
    lines = tuple((n, v) for n, v in lines if not n.startswith(b":"))
    octets, spans = rendered(lines, content)
    found = {s.path: octets[s.start : s.end] for s in spans}
    assert found["content"] == content
    assert [(found[f"fields[{n}].name"], found[f"fields[{n}].value"]) for n in range(len(lines))] == list(lines)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ((), ""),
        (((b"content-type", b"Message/OHTTP-Req"),), "message/ohttp-req"),
        (((b"Content-Type", b"message/ohttp-req ; v=1"),), "message/ohttp-req"),
        (((b"content-type", b"a/b"), (b"content-type", b"c/d")), "a/b, c/d"),
    ],
)
def test_media_type(lines, wanted):
    assert media_type(lines) == wanted


def test_lines_of_one_name_are_combined_in_order():
    lines = ((b"A", b"1"), (b"b", b"2"), (b"a", b"3"))
    assert values(lines, b"A") == (b"1", b"3")
    assert combined(lines, b"a") == b"1, 3"
    assert combined(lines, b"c") is None


@pytest.mark.parametrize(
    ("name", "good"), [(b"a-b", True), (b"", False), (b"a b", False), (b"a:", False), (b"\xe9", False)]
)
def test_valid_name(name, good):
    assert valid_name(name) is good


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (b"", True),
        (b"a", True),
        (b"a\tb c", True),
        (b" a", False),
        (b"a\t", False),
        (b"a\r\nb", False),
        (b"\0", False),
        (b"\xff", True),
    ],
)
def test_valid_value(value, good):
    assert valid_value(value) is good


REQUEST = ((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"))


@pytest.mark.parametrize(
    ("fields", "is_request", "good"),
    [
        (REQUEST, True, True),
        ((*REQUEST, (b"te", b"trailers")), True, True),
        ((*REQUEST, (b"te", b"gzip")), True, False),
        ((*REQUEST, (b"Upper", b"")), True, False),
        ((*REQUEST, (b"connection", b"close")), True, False),
        ((*REQUEST, (b"a", b"x\n")), True, False),
        ((*REQUEST, (b":path", b"/")), True, False),
        ((*REQUEST, (b"a", b"b"), (b":authority", b"x")), True, False),
        ((*REQUEST, (b":status", b"200")), True, False),
        (REQUEST[:2], True, False),
        (((b":method", b"CONNECT"), (b":authority", b"h:1")), True, True),
        (((b":method", b"CONNECT"),), True, False),
        (((b":status", b"200"), (b"a", b"b")), False, True),
        (((b":status", b"20"),), False, False),
        ((), False, False),
    ],
)
def test_malformed_heads(fields, is_request, good):
    assert (malformed(fields, request=is_request) == "") is good


@pytest.mark.parametrize(
    ("value", "good"), [(b"3", True), (b"03", True), (b"4", False), (b"x", False), (b"", False), (b"3" * 99, False)]
)
def test_malformed_length(value, good):
    assert (malformed_length(((b"content-length", value),), 3) == "") is good
