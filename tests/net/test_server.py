"""Our server: what handlers see, and that nothing of a run stays behind."""

import asyncio

import pytest

from conformance.model import Ended
from conformance.net import Route, connect, open_stream, serve
from conformance.wire.http import response


@pytest.fixture
def talk(notes, closing):
    """Send octets to a server and read until it closes."""

    async def to(server, octets, *, half=True):
        stream = await open_stream(Route.of(server.url), notes, patience=2)
        closing.callback(stream.close)
        await stream.send(octets)
        if half:
            await stream.finish("half")
        return await stream.read_to_end(notes)

    return to


@pytest.mark.parametrize("version", [1, 2])
async def test_a_handler_sees_the_whole_request(echo_server, notes, post, closing, version):
    seen = []

    async def handler(exchange):
        exchange.connection.state["n"] = exchange.connection.state.get("n", 0) + 1
        seen.append((exchange.request, exchange.connection.state["n"]))
        await exchange.inform(response(103, [(b"link", b"x")], version=version).build())
        await exchange.answer(response(200, version=version).build())

    server = await echo_server(handler)
    connection = await connect(Route.of(server.url), notes, version, 2)
    closing.push_async_callback(connection.close)
    for _ in range(2):
        answer = await (await connection.request(notes, post(version=version, fields=[(b"A", b"b")]))).answer()
        assert answer.informational == ((103, ((b"link", b"x"),)),)
    request, number = seen[1]
    assert number == 2
    assert (request.method, request.target, request.authority, request.scheme) == (b"POST", b"/x", b"h", b"http")
    assert (request.content, request.version, request.peer[0]) == (b"hello", version, "127.0.0.1")
    assert (b"a", b"b") in tuple((n.lower(), v) for n, v in request.fields)
    assert request.octets[request.content_at :] == b"hello"
    assert request.octets == post(version=version, fields=[(b"A", b"b")]).octets


@pytest.mark.parametrize(
    ("line", "authority", "scheme"),
    [
        (b"GET http://a.test:1/b?c HTTP/1.1\r\nHost: other", b"a.test:1", b"http"),
        (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test", b"a.test:443", b"http"),
        (b"OPTIONS * HTTP/1.1\r\nHost: h", b"h", b"http"),
    ],
)
async def test_forms_of_targets(echo_server, talk, line, authority, scheme):
    seen = []

    async def handler(exchange):
        seen.append(exchange.request)
        await exchange.answer(response(200, [(b"Connection", b"close")]).build())

    await talk(await echo_server(handler), line + b"\r\n\r\n", half=False)
    assert (seen[0].authority, seen[0].scheme) == (authority, scheme)


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"x" * 70_000, 431),
    ],
)
async def test_requests_that_are_none_are_refused(echo_server, talk, octets, status):
    server = await echo_server()
    assert (await talk(server, octets, half=False)).startswith(b"HTTP/1.1 %d " % status)
    assert server.broken == 1


async def test_pipelined_requests_are_answered_in_order(echo_server, talk):
    octets = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(5))
    answers = await talk(await echo_server(), octets)
    assert [answers.index(b"X-Target: /%d" % n) for n in range(5)] == sorted(
        answers.index(b"X-Target: /%d" % n) for n in range(5)
    )


async def test_a_client_that_waits_for_100_gets_it(echo_server, notes, closing):
    stream = await open_stream(Route.of((await echo_server()).url), notes, patience=2)
    closing.callback(stream.close)
    await stream.send(
        b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    )
    assert await stream.read_line(notes) == b"HTTP/1.1 100 Continue\r\n"
    await stream.send(b"ok")
    assert (await stream.read_to_end(notes)).endswith(b"\r\n\r\nok")


async def test_the_preface_may_come_in_pieces(echo_server, notes, closing):
    stream = await open_stream(Route.of((await echo_server()).url), notes, patience=2)
    closing.callback(stream.close)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
    for octet in preface:
        await stream.send(bytes([octet]))
        await asyncio.sleep(0)
    assert (await stream.read_exactly(9, notes))[3] == 4


@pytest.mark.parametrize("version", [1, 2])
async def test_an_exception_of_ours_is_kept_and_the_client_does_not_wait(echo_server, notes, post, closing, version):
    async def handler(_):
        msg = "ours"
        raise RuntimeError(msg)

    server = await echo_server(handler)
    connection = await connect(Route.of(server.url), notes, version, 2)
    closing.push_async_callback(connection.close)
    with pytest.raises(Ended, match=r"reset|closed"):
        await (await connection.request(notes, post(version=version))).answer()
    assert [str(why) for why in server.failures] == ["ours"]


@pytest.mark.parametrize("version", [1, 2])
async def test_close_ends_what_is_under_way(echo_server, notes, post, version):
    begun = asyncio.Event()

    async def handler(_):
        begun.set()
        await asyncio.Event().wait()

    server = await serve(handler)
    before = len(asyncio.all_tasks())
    connection = await connect(Route.of(server.url), notes, version, 2)
    pending = await connection.request(notes, post(version=version))
    await begun.wait()
    await server.close()
    with pytest.raises(Ended, match=r"closed|reset"):
        await pending.answer()
    await connection.close()
    assert len(asyncio.all_tasks()) == before
    assert server.failures == []


async def test_servers_are_cheap(closing):
    servers = [await serve(lambda _: None) for _ in range(200)]
    assert len({s.port for s in servers}) == 200
    for server in servers:
        await server.close()
