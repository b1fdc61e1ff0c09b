"""HTTP/2: streams side by side, each with its recorder; flow control; endings."""

import asyncio

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.model import Ended
from conformance.net import Route, connect
from conformance.wire import DecodeError
from conformance.wire.http import field, response

ANSWER = [(":status", "200"), ("a", "b")]


@pytest.fixture
def plain_server(raw_server):
    """A server on h2 itself: `act(h2, stream_id, write)` is called for each request that ended."""

    async def start(act, **config):
        async def handler(reader, writer):
            h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None, **config))
            h2.initiate_connection()
            writer.write(h2.data_to_send())
            while data := await reader.read(1 << 16):
                for event in h2.receive_data(data):
                    if type(event).__name__ == "DataReceived":
                        h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if type(event).__name__ == "StreamEnded":
                        act(h2, event.stream_id, writer)
                if not writer.is_closing():
                    writer.write(h2.data_to_send())

        return await raw_server(handler)

    return start


@pytest.fixture
def dial(notes, closing):
    async def to(route, patience=2.0):
        connection = await connect(Route.of(route) if isinstance(route, str) else route, notes, 2, patience)
        closing.push_async_callback(connection.close)
        return connection

    return to


async def test_two_requests_are_recorded_at_their_parts(echo_server, dial, notes, other_notes, post):
    release = asyncio.Event()

    async def handler(exchange):
        if exchange.request.content == b"one":
            await release.wait()
        await exchange.answer(response(200, (), exchange.request.content, version=2).build())

    server = await echo_server(handler)
    connection = await dial(server.url)
    first = await connection.request(notes, post(b"one", version=2), "first")
    second = await connection.request(other_notes, post(b"two", version=2), "second")
    assert (await second.answer()).content == b"two"
    assert not first.done
    release.set()
    assert (await first.answer()).content == b"one"
    assert [(w, n) for w, n, _ in notes.events] == [("received", "first")]
    assert [(w, n) for w, n, _ in other_notes.events] == [("received", "second")]
    assert server.connections == 1


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_535, 65_536, 1 << 20])
async def test_contents_of_any_size_both_ways(echo_server, dial, notes, post, size):
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    connection = await dial((await echo_server()).url)
    answers = [await connection.request(notes, post(content, version=2)) for _ in range(3)]
    for pending in answers:
        assert (await pending.answer()).content == content


async def test_a_plain_server_gets_what_the_recipe_says(plain_server, dial, notes, post):
    seen = []

    def act(h2, stream_id, _):
        seen.append(stream_id)
        h2.send_headers(stream_id, [(":status", "103"), ("link", "x")])
        h2.send_headers(stream_id, ANSWER)
        h2.send_data(stream_id, b"ok")
        h2.send_headers(stream_id, [("t", "v")], end_stream=True)

    connection = await dial(await plain_server(act))
    answer = await (await connection.request(notes, post(version=2))).answer()
    assert (answer.status, answer.fields, answer.content) == (200, ((b"a", b"b"),), b"ok")
    assert answer.informational == ((103, ((b"link", b"x"),)),)
    assert answer.trailers == ((b"t", b"v"),)
    assert answer.octets == b":status: 200\r\na: b\r\n\r\nokt: v\r\n\r\n"
    assert seen == [1]


def reset(h2, stream_id, _):
    h2.reset_stream(stream_id, 0xB)


def goaway(h2, stream_id, _):
    h2.close_connection(0x2, b"bye", last_stream_id=max(stream_id - 2, 0))


def garbage(_, __, writer):
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def close(_, __, writer):
    writer.close()


@pytest.mark.parametrize(
    ("act", "what", "code", "stays"),
    [
        (reset, "stream-error", "ENHANCE_YOUR_CALM", True),
        (goaway, "closed", "INTERNAL_ERROR", False),
        (close, "closed", None, False),
        (lambda *_: None, "timeout", None, True),
    ],
)
async def test_endings(plain_server, dial, notes, post, act, what, code, stays):
    connection = await dial(await plain_server(act), patience=0.2)
    with pytest.raises(Ended) as ended:
        await (await connection.request(notes, post(version=2))).answer()
    assert ended.value.what == what
    assert [(w, v.get("code")) for w, _, v in notes.events] == [(what, code)]
    assert connection.open is stays


async def test_an_answer_under_way_survives_goaway(plain_server, dial, notes, post):
    def act(h2, stream_id, writer):
        writer.write(b"\0\0\x08\x07\0\0\0\0\0" + stream_id.to_bytes(4, "big") + bytes(4))
        h2.send_headers(stream_id, ANSWER)
        h2.send_data(stream_id, b"late", end_stream=True)

    connection = await dial(await plain_server(act))
    assert (await (await connection.request(notes, post(version=2))).answer()).content == b"late"
    assert not connection.open
    with pytest.raises(Ended, match="closed: GOAWAY NO_ERROR"):
        await (await connection.request(notes, post(version=2))).answer()


@pytest.mark.parametrize(
    "head",
    [
        [("a", "b")],
        [(":status", "2x0")],
        [(":status", "200"), ("Upper", "x")],
        [(":status", "200"), ("transfer-encoding", "chunked")],
        [(":status", "200"), ("content-length", "7")],
        [(":status", "200"), (":status", "200")],
    ],
)
async def test_malformed_answers_end_their_stream_alone(plain_server, dial, notes, post, head):
    def act(h2, stream_id, _):
        h2.send_headers(stream_id, ANSWER if stream_id > 1 else head)
        h2.send_data(stream_id, b"ok", end_stream=True)

    off = {"validate_outbound_headers": False, "normalize_outbound_headers": False}
    connection = await dial(await plain_server(act, **off))
    with pytest.raises(DecodeError):
        await (await connection.request(notes, post(version=2))).answer()
    assert notes.whats == ["undecodable"]
    assert (await (await connection.request(notes, post(version=2))).answer()).status == 200


async def test_what_is_no_http2(plain_server, dial, notes, post):
    connection = await dial(await plain_server(garbage))
    with pytest.raises(DecodeError):
        await (await connection.request(notes, post(version=2))).answer()
    assert notes.whats == ["undecodable"]
    assert not connection.open


async def test_an_answer_in_the_read_of_a_wrong_frame_counts(raw_server, dial, notes, post):
    async def handler(reader, writer):
        h2 = H2Connection(H2Configuration(client_side=False))
        h2.initiate_connection()
        h2.receive_data(await reader.read(1 << 16))
        h2.send_headers(1, ANSWER, end_stream=True)
        writer.write(h2.data_to_send() + b"\0\0\1\0\0\0\0\0\0x")
        await reader.read()

    connection = await dial(await raw_server(handler))
    pending = await connection.request(notes, post(None, version=2))
    assert (await pending.answer()).status == 200
    assert not connection.open


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(octets=st.binary(max_size=60), framed=st.booleans(), kind=st.integers(0, 10))
def test_any_octets_are_judged_and_nothing_else(octets, framed, kind):
    """No event loop: the session is fed as a transport would."""
    from conformance.net._http2 import HTTP2

    class Transport:
        def __init__(self):
            self.loop, self.patience, self.progress, self.ended, self.closing = None, 1, 0.0, "", False

        def write(self, data):
            pass

        def close(self):
            self.closing = True

    data = len(octets).to_bytes(3, "big") + bytes([kind, 4]) + bytes(3) + b"\1" + octets if framed else octets

    async def feed():
        HTTP2(Transport()).data_received(data)

    asyncio.run(feed())


@pytest.mark.parametrize(
    "op_args", [("split", 3), ("split", -3), ("split", 3, -3), ("hold", 2), ("hold", 999), ("delay", 0.001)]
)
async def test_requests_leave_as_their_changes_say(echo_server, dial, notes, post, change, op_args):
    connection = await dial((await echo_server()).url)
    op, *args = op_args
    for content in (b"hello", b""):
        pending = await connection.request(notes, post(content, change(op, *args), version=2))
        assert (await pending.answer()).content == content


async def test_split_content_arrives_in_frames_of_its_own(raw_server, dial, notes, post, change):
    frames = []

    async def handler(reader, writer):
        h2 = H2Connection(H2Configuration(client_side=False))
        h2.initiate_connection()
        while data := await reader.read(1 << 16):
            for event in h2.receive_data(data):
                if type(event).__name__ == "DataReceived":
                    frames.append((event.data, event.stream_ended is not None))
                if type(event).__name__ == "StreamEnded":
                    h2.send_headers(event.stream_id, ANSWER, end_stream=True)
            writer.write(h2.data_to_send())

    connection = await dial(await raw_server(handler))
    await (await connection.request(notes, post(b"hello", change("split", -2), version=2))).answer()
    await (await connection.request(notes, post(b"world", change("hold", 1), version=2))).answer()
    assert frames == [(b"hel", False), (b"lo", True), (b"worl", False), (b"d", True)]


async def test_held_streams_leave_together_on_one_connection(echo_server, dial, notes, post, change):
    server = await echo_server()
    connection = await dial(server.url)
    gate = asyncio.Barrier(4)
    built = post(b"held", change("hold", 1), version=2)
    pendings = await asyncio.gather(*(connection.request(notes, built, barrier=gate.wait) for _ in range(4)))
    for pending in pendings:
        assert (await pending.answer()).content == b"held"


async def test_a_reset_stream_leaves_the_connection(echo_server, dial, notes, other_notes, post, change):
    server = await echo_server()
    connection = await dial(server.url)
    pending = await connection.request(notes, post(b"gone", change("reset"), version=2))
    with pytest.raises(Ended, match="our own reset"):
        await pending.answer()
    assert (await (await connection.request(other_notes, post(b"here", version=2))).answer()).content == b"here"
    assert server.failures == []


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (field("x-ok", "1"), False),
        (field("Upper", "1"), True),
        (field("connection", "close"), True),
        (field("a b", "1"), True),
    ],
)
async def test_our_server_refuses_malformed_requests_alone(echo_server, dial, notes, post, change, line, refused):
    server = await echo_server()
    connection = await dial(server.url)
    pending = await connection.request(notes, post(b"x", change("insert", 0, line, path="fields"), version=2))
    if refused:
        with pytest.raises(Ended, match="stream-error: RST_STREAM PROTOCOL_ERROR"):
            await pending.answer()
    else:
        await pending.answer()
    assert server.broken == refused
    assert (await (await connection.request(notes, post(version=2))).answer()).status == 200


async def test_a_lie_about_the_length_ends_its_stream_alone(echo_server, dial, notes, post, change):
    connection = await dial((await echo_server()).url)
    lie = change("put", b"9", path="fields.content-length.value")
    with pytest.raises(Ended, match="stream-error"):
        await (await connection.request(notes, post(b"x", lie, version=2))).answer()
    assert (await (await connection.request(notes, post(version=2))).answer()).status == 200


async def test_the_servers_limit_of_streams_is_kept(raw_server, dial, notes, post):
    most = 0

    async def handler(reader, writer):
        nonlocal most
        h2 = H2Connection(H2Configuration(client_side=False))
        h2.initiate_connection()
        h2.update_settings({3: 1})
        writer.write(h2.data_to_send())
        while data := await reader.read(1 << 16):
            for event in h2.receive_data(data):
                most = max(most, h2.open_inbound_streams)
                if type(event).__name__ == "StreamEnded":
                    h2.send_headers(event.stream_id, ANSWER, end_stream=True)
            writer.write(h2.data_to_send())

    connection = await dial(await raw_server(handler))
    await (await connection.request(notes, post(version=2))).answer()  # the settings are known from here on
    pendings = await asyncio.gather(*(connection.request(notes, post(version=2)) for _ in range(5)))
    assert [(await p.answer()).status for p in pendings] == [200] * 5
    assert most == 1


async def test_secret_headers_leave_and_are_not_recorded(echo_server, notes, post, closing):
    seen = []

    async def handler(exchange):
        seen.append(dict(exchange.request.fields)[b"authorization"])
        await exchange.answer(response(200, version=2).build())

    server = await echo_server(handler)
    route = Route.of(server.url, headers=[("Authorization", "secret")])
    connection = await connect(route, notes, 2, 2)
    closing.push_async_callback(connection.close)
    await (await connection.request(notes, post(version=2))).answer()
    assert seen == [b"secret"]
    assert "secret" not in repr(notes.events)


async def test_server_resets_and_closes(echo_server, dial, notes, post):
    async def handler(exchange):
        await (exchange.reset(0x2) if exchange.request.content == b"reset" else exchange.close())

    connection = await dial((await echo_server(handler)).url)
    with pytest.raises(Ended, match="stream-error: RST_STREAM INTERNAL_ERROR"):
        await (await connection.request(notes, post(b"reset", version=2))).answer()
    with pytest.raises(Ended, match="closed"):
        await (await connection.request(notes, post(b"close", version=2))).answer()


async def test_raw_frames_can_end_a_connection(echo_server, dial, notes, post):
    connection = await dial((await echo_server()).url)
    await (await connection.request(notes, post(version=2))).answer()
    pending = connection.expect(notes, "raw")
    await connection.raw(b"\0\0\1\6\0\0\0\0\0x")  # a PING of one octet
    with pytest.raises(Ended, match="closed: GOAWAY"):
        await pending.answer()
    assert [(w, n, v.get("code")) for w, n, v in notes.events][1:] == [("closed", "raw", "FRAME_SIZE_ERROR")]


async def test_after_what_is_no_http2_nothing_is_asked(plain_server, dial, notes, post):
    connection = await dial(await plain_server(garbage))
    with pytest.raises(DecodeError):
        await (await connection.request(notes, post(version=2))).answer()
    with pytest.raises(Ended, match="closed: ended by us"):
        await (await connection.request(notes, post(version=2))).answer()


async def test_our_own_end_is_not_the_peers(plain_server, dial, notes, post):
    connection = await dial(await plain_server(lambda *_: None))
    pending = await connection.request(notes, post(version=2))
    await connection.close()
    for ended in (pending, await connection.request(notes, post(version=2)), connection.expect(notes)):
        with pytest.raises(Ended, match="ended by the suite"):
            await ended.answer()
    assert notes.events == []


async def test_a_flood_is_undecodable(plain_server, dial, notes, post, monkeypatch):
    monkeypatch.setattr("conformance.net._http2.CONTENT_LIMIT", 10)

    def act(h2, stream_id, _):
        h2.send_headers(stream_id, ANSWER)
        h2.send_data(stream_id, bytes(11))

    connection = await dial(await plain_server(act))
    with pytest.raises(DecodeError, match="more than 10 octets"):
        await (await connection.request(notes, post(version=2))).answer()
    assert connection.open


@pytest.mark.parametrize(("code", "name"), [(0, "NO_ERROR"), (8, "CANCEL"), (0xFACE, "0xface")])
def test_codes_have_names(code, name):
    from conformance.net._session2 import code_name

    assert code_name(code) == name


@pytest.mark.parametrize("op_args", [("split", 3, -2), ("hold", 2), ("reset",), ("close", "full")])
async def test_answers_leave_as_their_changes_say(echo_server, dial, notes, post, change, op_args):
    op, *args = op_args

    async def handler(exchange):
        await exchange.answer(response(200, (), b"content", version=2).build([change(op, *args)]))

    connection = await dial((await echo_server(handler)).url)
    pending = await connection.request(notes, post(version=2))
    if op == "reset":
        with pytest.raises(Ended, match="stream-error: RST_STREAM CANCEL"):
            await pending.answer()
    else:
        assert (await pending.answer()).content == b"content"


async def test_a_long_answer_waits_for_the_window(echo_server, raw_server, notes, closing):
    """A client that gives its window back late gets all of it."""
    server = await echo_server(answering(bytes(200_000)))
    reader, writer = await asyncio.open_connection(server.host, server.port)
    closing.callback(writer.close)
    h2 = H2Connection(H2Configuration())
    h2.initiate_connection()
    h2.send_headers(1, [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/")], end_stream=True)
    got, ended = 0, False
    while not ended:
        writer.write(h2.data_to_send())
        for event in h2.receive_data(await reader.read(1 << 16)):
            if type(event).__name__ == "DataReceived":
                got += len(event.data)
                ended = event.stream_ended is not None
                h2.acknowledge_received_data(event.flow_controlled_length, 1)
    assert got == 200_000


def answering(content):
    async def handler(exchange):
        await exchange.answer(response(200, (), content, version=2).build())

    return handler
