import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.protocols.ohttp.exchanges import REQUEST, RESPONSE, recipe_of
from conformance.protocols.ohttp.messages import (
    BinaryRequest,
    BinaryResponse,
    decode_bhttp,
    message_json,
    message_of_json,
    same_message,
)
from conformance.wire import DecodeError

NAMES = st.from_regex(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,70}", fullmatch=True)
VALUES = st.binary(max_size=80).map(lambda octets: octets.translate(None, b"\0\r\n").strip(b" \t"))
LINES = st.lists(st.tuples(NAMES, VALUES), max_size=4).map(tuple)
REQUESTS = st.builds(
    BinaryRequest,
    method=NAMES,
    scheme=st.sampled_from([b"http", b"https"]),
    authority=st.sampled_from([b"", b"a.example", b"[::1]:80"]),
    path=st.sampled_from([b"/", b"/a?b", b"/" + b"c" * 70]),
    fields=LINES,
    content=st.binary(max_size=100),
    trailers=LINES,
)
RESPONSES = st.builds(
    BinaryResponse,
    status=st.integers(200, 599),
    fields=LINES,
    content=st.binary(max_size=100),
    trailers=LINES,
    informational=st.lists(st.tuples(st.integers(100, 199), LINES), max_size=3).map(tuple),
)


@given(message=REQUESTS | RESPONSES, known=st.booleans(), chunks=st.lists(st.integers(1, 40), max_size=4))
def test_what_is_written_is_read_as_the_same_message(message, known, chunks):
    assert decode_bhttp(recipe_of(message, known=known, chunks=chunks, padding=3).encode()) == message
    assert message_of_json(message_json(message)) == message


def read(data):
    try:
        return decode_bhttp(data)
    except DecodeError as error:
        return error


@settings(max_examples=300)
@given(octets=st.binary(max_size=60), base=st.sampled_from([REQUEST, RESPONSE]), at=st.integers(0, 90))
def test_any_octets_give_a_message_or_a_decode_error(octets, base, at):
    for known in (True, False):
        whole = recipe_of(base, known=known).encode()
        for data in (octets, whole[:at] + octets + whole[at + len(octets) :]):
            said = read(data)
            assert not isinstance(said, DecodeError) or (said.reason and 0 <= said.offset <= len(data))


GET = BinaryRequest(b"GET", b"https", b"a.example", b"/", ((b"a", b"1"), (b"b", b"2"), (b"a", b"3")))


def lines(*fields):
    return BinaryRequest(b"GET", b"https", b"a.example", b"/", fields)


SAME = [
    (GET, lines((b"b", b"2"), (b"A", b"1"), (b"a", b"3")), True),
    (GET, lines((b"a", b"1, 3"), (b"b", b"2")), True),
    (GET, lines((b"a", b"3"), (b"b", b"2"), (b"a", b"1")), False),
    (GET, lines((b"a", b"3"), (b"b", b"2")), False),
    (GET, lines((b"a", b"1 3"), (b"b", b"2")), False),
    (lines((b"cookie", b"a=1"), (b"cookie", b"b=2")), lines((b"cookie", b"a=1; b=2")), True),
    (lines((b"cookie", b"a=1"), (b"cookie", b"b=2")), lines((b"cookie", b"a=1;b=2")), True),
    (lines((b"cookie", b"a=1"), (b"cookie", b"b=2")), lines((b"cookie", b"a=1, b=2")), False),
    (lines((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")), lines((b"set-cookie", b"a=1, b=2")), False),
    (lines((b"te", b"trailers")), lines(), True),
    (
        BinaryRequest(b"GET", b"https", b"", b"/", ((b"host", b"a.example"),)),
        BinaryRequest(b"GET", b"HTTPS", b"A.example", b"/"),
        True,
    ),
    (BinaryRequest(b"GET", b"https", b"", b"/"), BinaryRequest(b"GET", b"https", b"a.example", b"/"), False),
    (BinaryRequest(b"GET", b"https", b"", b"/"), BinaryRequest(b"GET", b"http", b"", b"/"), False),
    (REQUEST, RESPONSE, False),
    (BinaryResponse(200, content=b"a"), BinaryResponse(200, content=b"b"), False),
    (BinaryResponse(200, trailers=((b"a", b"1"),)), BinaryResponse(200), False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_messages_that_mean_the_same_in_http_are_the_same(one, other, same):
    assert same_message(one, other) is same
    assert same_message(other, one) is same


BAD = [
    None,
    [],
    {},
    {"method": "47"},
    {"status": "200"},
    {"status": 200, "fields": [["61"]]},
    {"status": 200, "content": "0"},
]


@pytest.mark.parametrize("said", BAD, ids=str)
def test_what_is_no_message_in_json_is_told(said):
    with pytest.raises(ValueError, match="no message"):
        message_of_json(said)
