"""HTTP/1.1: whatever a server sends is an answer, an ending or undecodable, and is recorded once."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import Ended
from conformance.net import Route, connect
from conformance.net._http1 import AnswerReader
from conformance.net._server1 import RequestReader
from conformance.wire import DecodeError
from conformance.wire.http import response

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def says(raw_server, notes, closing):
    """A connection to a server that takes one read and then says those octets."""

    async def start(*octets, patience=1.0, end="close"):
        async def handler(reader, writer):
            await reader.read(1 << 16)
            for piece in octets:
                writer.write(piece)
                await writer.drain()
            if end == "close":
                writer.close()
            else:
                await asyncio.sleep(60)

        connection = await connect(await raw_server(handler), notes, 1, patience)
        closing.push_async_callback(connection.close)
        return connection

    return start


@pytest.mark.parametrize(
    ("octets", "status", "content", "stays"),
    [
        (OK, 200, b"ok", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: v\r\n\r\n", 200, b"ok", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 500, b"", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end", False),
    ],
)
async def test_answers(says, notes, post, octets, status, content, stays):
    connection = await says(octets, end="close" if b"until" in octets else "stay")
    answer = await (await connection.request(notes, post())).answer()
    assert (answer.status, answer.content, answer.octets) == (status, content, octets)
    assert connection.open is stays
    (seen,) = notes.named("received")
    assert seen["octets"] == octets
    at = {s.path: octets[s.start : s.end] for s in seen["spans"]}
    assert at["status"] == b"%d" % status
    assert len(answer.informational) == octets.count(b"100 Continue")
    assert answer.trailers == (((b"T", b"v"),) if b"T: v" in octets else ())


@pytest.mark.parametrize("method", [b"HEAD"])
async def test_an_answer_to_head_has_no_content(says, notes, post, method):
    connection = await says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", end="stay")
    answer = await (await connection.request(notes, post(None, method=method))).answer()
    assert answer.content == b""


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000,
    ],
)
async def test_what_is_no_answer(says, notes, post, octets):
    connection = await says(octets, end="stay")
    with pytest.raises(DecodeError):
        await (await connection.request(notes, post())).answer()
    assert notes.whats == ["undecodable"]
    assert not connection.open


async def test_after_what_is_no_answer_nothing_is_asked(says, notes, other_notes, post):
    connection = await says(b"SSH-2.0-x", end="stay")
    first = await connection.request(notes, post())
    second = await connection.request(other_notes, post())
    with pytest.raises(DecodeError):
        await first.answer()
    for pending in (second, await connection.request(other_notes, post())):
        with pytest.raises(Ended, match="closed: ended by us"):
            await pending.answer()
    assert other_notes.whats == ["closed", "closed"]


@pytest.mark.parametrize("cut", [0, 1, len(OK) - 1])
async def test_a_close_in_the_middle_is_a_close(says, notes, post, cut):
    connection = await says(OK[:cut])
    with pytest.raises(Ended, match="closed"):
        await (await connection.request(notes, post())).answer()
    assert notes.whats == ["closed"]


async def test_silence_is_a_timeout(says, notes, post):
    connection = await says(OK[:5], patience=0.03, end="stay")
    with pytest.raises(Ended, match="timeout: nothing for"):
        await (await connection.request(notes, post())).answer()
    assert notes.whats == ["timeout"]
    assert not connection.open


async def test_a_drip_is_a_timeout(raw_server, notes, post, closing):
    async def handler(reader, writer):
        await reader.read(1 << 16)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(10_000):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.005)

    connection = await connect(await raw_server(handler), notes, 1, 0.03)
    closing.push_async_callback(connection.close)
    with pytest.raises(Ended, match="timeout: still not whole"):
        await (await connection.request(notes, post())).answer()


async def test_a_flood_is_undecodable(raw_server, notes, post, closing, monkeypatch):
    monkeypatch.setattr("conformance.net._http1.CONTENT_LIMIT", 1 << 20)

    async def handler(reader, writer):
        await reader.read(1 << 16)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    connection = await connect(await raw_server(handler), notes, 1, 5)
    closing.push_async_callback(connection.close)
    with pytest.raises(DecodeError, match="more than 1048576 octets"):
        await (await connection.request(notes, post())).answer()
    assert len(notes.named("undecodable")[0]["octets"]) <= 1 << 16


async def test_pipelined_answers_go_to_their_requests(echo_server, notes, other_notes, post, closing):
    server = await echo_server(versions=(1,))
    connection = await connect(Route.of(server.url), notes, 1, 2)
    closing.push_async_callback(connection.close)
    first = await connection.request(notes, post(b"one"), "first")
    second = await connection.request(other_notes, post(b"two"), "second")
    assert (await second.answer()).content == b"two"
    assert first.done
    assert (await first.answer()).content == b"one"
    assert [(w, n) for w, n, _ in notes.events] == [("received", "first")]
    assert [(w, n) for w, n, _ in other_notes.events] == [("received", "second")]
    assert server.connections == 1


async def test_octets_that_answer_nothing_are_noted(says, notes, post):
    connection = await says(OK + b"more", end="stay")
    await (await connection.request(notes, post())).answer()
    assert notes.named("stray")[0]["octets"] == b"more"
    assert not connection.open


async def test_raw_octets_are_answered_like_requests(echo_server, notes, closing):
    server = await echo_server()
    connection = await connect(Route.of(server.url), notes, 1, 2)
    closing.push_async_callback(connection.close)
    pending = connection.expect(notes, "raw")
    await connection.raw(b"GET /raw HTTP/1.1\r\nHost: h\r\n\r\n")
    assert dict((await pending.answer()).fields)[b"X-Target"] == b"/raw"


async def test_a_long_content_is_recorded_in_part(echo_server, notes, post, closing):
    content = bytes(range(256)) * 4096
    server = await echo_server()
    connection = await connect(Route.of(server.url), notes, 1, 5)
    closing.push_async_callback(connection.close)
    answer = await (await connection.request(notes, post(content))).answer()
    assert answer.content == content
    (seen,) = notes.named("received")
    assert (seen["cut"], seen["content_octets"]) == (True, 1 << 20)
    assert len(seen["octets"]) < (1 << 16) + 300
    assert all(s.end <= len(seen["octets"]) for s in seen["spans"])


async def test_our_own_end_is_not_the_peers(says, notes, post):
    connection = await says(end="stay")
    pending = await connection.request(notes, post())
    await connection.close()
    with pytest.raises(Ended, match="ended by the suite"):
        await pending.answer()
    assert notes.events == []


async def test_secret_headers_leave_and_are_not_recorded(raw_server, notes, post, closing, change):
    seen = []

    async def handler(reader, writer):
        seen.append(await reader.readuntil(b"hello"))
        writer.write(OK)

    route = await raw_server(handler)
    route = Route.of(route.origin, headers=[("Authorization", "secret")])
    connection = await connect(route, notes, 1, 2)
    closing.push_async_callback(connection.close)
    built = post(b"hello", change("split", 3, -2))
    await (await connection.request(notes, built)).answer()
    assert seen[0] == built.octets.replace(b"\r\n\r\n", b"\r\nAuthorization: secret\r\n\r\n")
    assert "secret" not in repr(notes.events) + repr(route)


async def test_a_request_on_a_dead_connection_ends_as_it_did(says, notes, post):
    connection = await says(b"")
    for _ in range(2):
        with pytest.raises(Ended, match="closed"):
            await (await connection.request(notes, post())).answer()
    assert notes.whats == ["closed", "closed"]


ANSWERS = st.sampled_from([
    OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
])  # fmt: skip


@given(ANSWERS, st.data())
def test_an_answer_is_the_same_in_any_pieces(octets, data):
    reader = AnswerReader(b"GET")
    at = 0
    while at < len(octets):
        n = data.draw(st.integers(1, len(octets) - at))
        whole = reader.feed(octets[at : at + n])
        at += n
        assert whole is (at == len(octets))
    assert reader.answer.content == b"ok"
    assert reader.answer.octets == octets


@given(st.one_of(st.binary(), st.builds(lambda a, n, b: a[:n] + b + a[n:], ANSWERS, st.integers(0, 60), st.binary())))
def test_any_octets_are_an_answer_or_a_decode_error(octets):
    reader = AnswerReader(b"GET")
    try:
        reader.feed(octets) or reader.feed(b"")
    except DecodeError:
        return
    assert reader.answer is not None


@given(st.one_of(st.binary(), st.binary().map(lambda b: b"POST / HTTP/1.1\r\nHost: h\r\n" + b)))
def test_any_octets_are_a_request_or_a_decode_error(octets):
    reader = RequestReader()
    try:
        end = reader.feed(octets)
    except DecodeError:
        assert 400 <= reader.status < 600
        return
    assert end is None or reader.head is not None


async def test_answers_leave_as_their_changes_say(echo_server, notes, post, closing, change):
    async def handler(exchange):
        how = {b"/close": "close", b"/reset": "reset", b"/split": "split"}[exchange.request.target]
        args = (5, -3) if how == "split" else ()
        await exchange.answer(response(200, (), b"content").build([change(how, *args)]))

    server = await echo_server(handler)
    for target, after in ((b"/split", True), (b"/close", False)):
        connection = await connect(Route.of(server.url), notes, 1, 2)
        closing.push_async_callback(connection.close)
        assert (await (await connection.request(notes, post(target=target))).answer()).content == b"content"
        again = await connection.request(notes, post(target=target))
        if after:
            assert (await again.answer()).status == 200
        else:
            with pytest.raises(Ended, match="closed"):
                await again.answer()
