"""Streams: how octets leave, and how the peer's end is told."""

import asyncio
import errno
import socket
import ssl
import struct

import pytest

from conformance.model import Change, Ended, UsageError
from conformance.net import Leaving, Route, open_stream
from conformance.net._connect import failure
from conformance.net._stream import ending_of


def leaving(op, *args):
    return [Change("outer", "", op, args)]


@pytest.fixture
def arrivals(raw_server):
    """A server that notes each read, and how its client ended."""

    async def start():
        seen = []
        done = asyncio.Event()

        async def handler(reader, writer):
            try:
                while data := await reader.read(1 << 16):
                    seen.append(data)
                seen.append("end")
                writer.write(b"late")
                await writer.drain()
                writer.close()
            except ConnectionResetError:
                seen.append("reset")
            done.set()

        return await raw_server(handler), seen, done

    return start


@pytest.mark.parametrize(
    ("op", "args", "wanted"),
    [
        ("split", (3,), [b"abc", b"defgh"]),
        ("split", (3, -1), [b"abc", b"defg", b"h"]),
        ("split", (0, 8, 99), [b"abcdefgh"]),
        ("hold", (2,), [b"abcdef", b"gh"]),
        ("hold", (99,), [b"abcdefgh"]),
        ("hold", (0,), [b"abcdefgh"]),
        ("delay", (0.001,), [b"abcdefgh"]),
    ],
)
async def test_pieces_arrive_apart(arrivals, notes, closing, op, args, wanted):
    route, seen, done = await arrivals()
    stream = await open_stream(route, notes, patience=2)
    closing.callback(stream.close)
    await stream.send(b"abcdefgh", leaving(op, *args))
    await stream.finish("half")
    await done.wait()
    assert seen == [*wanted, "end"]


@pytest.mark.parametrize(
    ("op", "args", "wanted", "answer"),
    [("close", (), "end", b"late"), ("close", ("full",), "end", None), ("reset", (), "reset", None)],
)
async def test_what_follows_a_message(arrivals, notes, closing, op, args, wanted, answer):
    route, seen, done = await arrivals()
    stream = await open_stream(route, notes, patience=2)
    closing.callback(stream.close)
    await stream.send(b"abc", leaving(op, *args))
    await done.wait()
    assert seen == [b"abc", wanted]
    if answer:
        assert await stream.read_to_end(notes) == answer


async def test_held_octets_wait_for_the_barrier(arrivals, notes, closing):
    route, seen, done = await arrivals()
    stream = await open_stream(route, notes, patience=2)
    closing.callback(stream.close)
    before = []

    async def barrier():
        before.extend(seen)

    await stream.send(b"abcdefgh", leaving("hold", 1), barrier=barrier)
    await stream.finish("half")
    await done.wait()
    assert before == [b"abcdefg"]


@pytest.mark.parametrize(
    "change", [*leaving("split"), *leaving("hold", "x"), *leaving("close", "sideways"), *leaving("cut", 1)]
)
def test_a_change_that_says_nothing_of_leaving_is_refused(change):
    with pytest.raises(UsageError):
        Leaving.of([change], 3)


def test_places_move_with_what_is_put_in():
    moved = Leaving.of([*leaving("split", 2, 6), *leaving("hold", 3)], 8).moved(4, 10)
    assert (moved.cuts, moved.held) == ((2, 16), 15)


async def answer_then(writer, end):
    writer.write(b"ab")
    await writer.drain()
    end(writer)


def close(writer):
    writer.close()


def reset(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize(("end", "wanted"), [(close, "closed"), (reset, "reset"), (lambda _: None, "timeout")])
async def test_endings_are_told_apart(raw_server, notes, closing, end, wanted):
    said = asyncio.Event()

    async def handler(reader, writer):
        writer.write(b"ab")
        await reader.read(1)  # the client has the octets: a reset cannot overtake them
        end(writer)
        said.set()

    route = await raw_server(handler)
    stream = await open_stream(route, notes, patience=0.1)
    closing.callback(stream.close)
    assert await stream.read_exactly(2, notes) == b"ab"
    await stream.send(b"x")
    await said.wait()
    with pytest.raises(Ended) as ended:
        await stream.read(notes)
    assert ended.value.what == wanted
    assert notes.whats == [wanted]


async def test_a_refused_connection_is_closed_with_its_code(notes):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        route = Route.of(f"http://127.0.0.1:{taken.getsockname()[1]}/")
        with pytest.raises(Ended) as ended:
            await open_stream(route, notes, patience=2)
    assert ended.value.what == "closed"
    assert [(w, v["code"]) for w, _, v in notes.events] == [("closed", "refused")]


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (socket.gaierror(-2, "Name or service not known"), ("closed", "no-address")),
        (
            OSError("Multiple exceptions: [Errno 111] Connection refused, [Errno 111] Connection refused"),
            ("closed", "refused"),
        ),
        (OSError(errno.EHOSTUNREACH, "No route to host"), ("closed", "unreachable")),
        (TimeoutError(), ("timeout", "")),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), ("tls-error", "")),
        (ConnectionResetError(errno.ECONNRESET, "reset"), ("reset", "")),
    ],
)
def test_failures_to_open_have_codes(error, wanted):
    assert failure(error)[:2] == wanted


async def test_a_drip_ends_all_the_same(raw_server, notes, closing):
    async def handler(_, writer):
        for _ in range(10_000):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.005)

    stream = await open_stream(await raw_server(handler), notes, patience=0.03)
    closing.callback(stream.close)
    with pytest.raises(Ended, match="timeout: still not whole"):
        await stream.read_line(notes)


async def test_reads_take_what_they_ask_for(raw_server, notes, closing):
    async def handler(_, writer):
        writer.write(b"line\nrest of it")
        writer.close()

    stream = await open_stream(await raw_server(handler), notes, patience=1)
    closing.callback(stream.close)
    assert await stream.read_line(notes) == b"line\n"
    assert await stream.read(notes, limit=4) == b"rest"
    assert await stream.read_exactly(4, notes) == b" of "
    assert await stream.read_to_end(notes) == b"it"
    assert notes.events == []


async def test_a_peer_that_does_not_read_does_not_hold_up_a_send(raw_server, notes, closing):
    async def handler(_, writer):
        writer.write(b"enough")
        await asyncio.sleep(60)

    stream = await open_stream(await raw_server(handler), notes, patience=0.2)
    closing.callback(stream.reset)
    await stream.send(bytes(32 << 20))
    assert await stream.read(notes) == b"enough"


@pytest.mark.parametrize("source", ["127.0.0.2", "127.0.0.3"])
async def test_a_stream_leaves_from_its_source(raw_server, notes, closing, source):
    async def handler(_, writer):
        writer.write(writer.get_extra_info("peername")[0].encode())
        writer.close()

    route = await raw_server(handler)
    route = Route.of(f"{route.origin}/", source=source)
    stream = await open_stream(route, notes, patience=1)
    closing.callback(stream.close)
    assert await stream.read_to_end(notes) == source.encode()


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (None, "closed"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "reset"),
        (BrokenPipeError(errno.EPIPE, "pipe"), "reset"),
        (ConnectionResetError(), "closed"),
        (TimeoutError(errno.ETIMEDOUT, "late"), "timeout"),
        (ssl.SSLError(1, "alert"), "tls-error"),
        (OSError(errno.EHOSTUNREACH, "no route"), "closed"),
    ],
)
def test_errors_of_a_stream_have_one_ending_each(error, wanted):
    assert ending_of(error)[0] == wanted
