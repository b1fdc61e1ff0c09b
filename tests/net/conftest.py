"""Recorders that remember, servers that misbehave on demand."""

import asyncio
import contextlib

import pytest

from conformance.model import Change
from conformance.net import Route, serve
from conformance.wire.http import request, response


class Notes:
    """A recorder whose events are plain tuples."""

    def __init__(self):
        self.events = []

    def saw(self, what, name="", **value):
        self.events.append((what, name, value))

    def named(self, what):
        return [value for w, _, value in self.events if w == what]

    @property
    def whats(self):
        return [w for w, *_ in self.events]


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def other_notes():
    return Notes()


@pytest.fixture
async def closing():
    """A stack for whatever must be closed."""
    async with contextlib.AsyncExitStack() as stack:
        yield stack
    for _ in range(5):  # transports are lost one turn of the loop after they were closed
        await asyncio.sleep(0)


@pytest.fixture
def raw_server(closing):
    """Start a server of octets: `await raw_server(handler)` gives its route; handlers take reader and writer."""

    async def start(handler, scheme="http"):
        open_now = {}

        async def safely(reader, writer):
            open_now[writer] = asyncio.current_task()
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)

        async def end():
            server.close()
            for writer, task in open_now.items():
                writer.transport.abort()
                task.cancel()
            await asyncio.gather(*open_now.values(), return_exceptions=True)

        server = await asyncio.start_server(safely, "127.0.0.1", 0)
        closing.push_async_callback(end)
        return Route.of(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/x")

    return start


@pytest.fixture
def echo_server(closing):
    """Start our own server, which gives back contents."""

    async def start(handler=None, **settings):
        async def echo(exchange):
            asked = exchange.request
            await exchange.answer(
                response(200, [(b"X-Target", asked.target)], asked.content, version=asked.version).build()
            )

        server = await serve(handler or echo, **settings)
        closing.push_async_callback(server.close)
        return server

    return start


@pytest.fixture
def post():
    """Build a request."""

    def build(content=b"hello", *changes, version=1, method=b"POST", target=b"/x", fields=()):
        return request(method, target, b"h", fields, content, version=version).build(changes)

    return build


@pytest.fixture
def change():
    def make(op, *args, path=""):
        return Change("outer", path, op, args)

    return make
