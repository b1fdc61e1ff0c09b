"""An HTTP server for our own peers, as cheap to start as a socket; what it answers are recipes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.model import Change, Ended, Span
from conformance.net._leaving import Barrier
from conformance.net._stream import Stream
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, Section 3.4


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request: `octets` as received in HTTP/1.1, a rendering in HTTP/2, with the `spans` of its fields.

    `target` is what the request line or `:path` says; `authority` comes from an absolute target, `:authority` or
    `Host`; `peer` is the client's address and port. `content_at` tells where in the octets the content begins.
    """

    version: int
    method: bytes
    scheme: bytes
    authority: bytes
    target: bytes
    fields: FieldLines
    content: bytes
    trailers: FieldLines
    octets: bytes
    spans: tuple[Span, ...]
    content_at: int
    peer: tuple[str, int]


class ServerConnection(ABC):
    """A connection that was accepted: `state` is free for the peer's use, as long as the connection lasts."""

    version: int

    def __init__(self, server: Server, stream: Stream) -> None:
        self.server = server
        self.stream = stream
        self.state: dict[str, Any] = {}

    @abstractmethod
    async def answer(self, exchange: ServerExchange, built: Built, barrier: Barrier | None, /) -> None:
        """Send a final response."""

    @abstractmethod
    async def inform(self, exchange: ServerExchange, built: Built, /) -> None:
        """Send an interim response."""

    @abstractmethod
    async def reset(self, exchange: ServerExchange, code: int, /) -> None:
        """End the exchange abortively: the stream in HTTP/2, the connection in HTTP/1.1."""

    async def close(self) -> None:
        """End the connection when what was written has left."""
        await self.stream.finish("full")

    @abstractmethod
    def finish(self, exchange: ServerExchange, /) -> None:
        """The handler is done."""


class ServerExchange:
    """One request and what we do about it. A handler that returns without an answer leaves the client waiting."""

    __slots__ = ("connection", "request", "stream_id")

    def __init__(self, connection: ServerConnection, request: Request, stream_id: int = 0) -> None:
        self.connection = connection
        self.request = request
        self.stream_id = stream_id

    async def answer(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send what a recipe of `conformance.wire.http.response` came to, as its changes say that it leaves."""
        await self.connection.answer(self, built, barrier)

    async def inform(self, built: Built) -> None:
        """Send an interim response (1xx)."""
        await self.connection.inform(self, built)

    async def raw(self, octets: bytes, leaving: Iterable[Change] = ()) -> None:
        """Send octets that need be no answer."""
        await self.connection.stream.send(octets, leaving)

    async def reset(self, code: int = 0x8) -> None:
        """End the exchange abortively; `code` goes into RST_STREAM (RFC 9113, Section 7; CANCEL unless told)."""
        await self.connection.reset(self, code)

    async def close(self) -> None:
        """Close the connection."""
        await self.connection.close()


Handler = Callable[[ServerExchange], Awaitable[None]]


class Server:
    """A server that is listening. `failures` are exceptions out of the handler, `broken` counts requests that are none.

    `connections` counts those accepted, `refusal` is the content of what we answer to a request that is none.
    """

    def __init__(self, handler: Handler, versions: Sequence[int], tls: ssl.SSLContext | None, patience: float) -> None:
        self.handler = handler
        self.versions = tuple(versions)
        self.tls = tls
        self.patience = patience
        self.failures: list[BaseException] = []
        self.broken = 0
        self.refusal = b""
        self.connections = 0
        self.host = ""
        self.port = 0
        self._streams: set[Stream] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            loop = asyncio.get_running_loop()
            self._listening = await loop.create_server(self._accepted, sock=sock, ssl=self.tls, backlog=128)
        except BaseException:
            sock.close()
            raise
        self.host, self.port = sock.getsockname()[:2]

    def _accepted(self) -> Stream:
        return Stream(self.patience, self._opened)

    def _opened(self, stream: Stream) -> None:
        self.connections += 1
        self._streams.add(stream)
        stream.left = self._streams.discard
        if stream.alpn == "h2" or self.versions == (2,):
            self._speak(stream, 2)
        elif 2 not in self.versions or self.tls is not None:
            self._speak(stream, 1)
        else:
            stream.consumer = _Undecided(self, stream)

    def _speak(self, stream: Stream, version: int, data: bytes = b"") -> None:
        if version == 1:
            from conformance.net._server1 import ServerHTTP1

            consumer: Any = ServerHTTP1(self, stream)
        else:
            from conformance.net._server2 import ServerHTTP2

            consumer = ServerHTTP2(self, stream)
        stream.consumer = consumer
        if data:
            consumer.data_received(data)

    def handle(self, exchange: ServerExchange) -> None:
        """Let the handler run beside everything else."""
        self.spawn(self._handle(exchange))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something until it ends or the server closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, exchange: ServerExchange) -> None:
        try:
            with contextlib.suppress(Ended, DecodeError):
                await self.handler(exchange)
        except Exception as why:  # noqa: BLE001 - whatever it is, the client must not wait for it
            self.failures.append(why)
            exchange.connection.stream.reset()
        else:
            exchange.connection.finish(exchange)

    async def close(self) -> None:
        """Stop listening, end all connections and handlers."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for stream in list(self._streams):
            stream.transport.abort()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(100):
            if not self._streams:
                break
            await asyncio.sleep(0)


class _Undecided:
    """A stream of which the first octets tell whether it speaks HTTP/2 (RFC 9113, Section 3.3)."""

    def __init__(self, server: Server, stream: Stream) -> None:
        self._server = server
        self._stream = stream
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._data.startswith(PREFACE):
            self._server._speak(self._stream, 2, self._data)  # noqa: SLF001 - the server's own part
        elif not PREFACE.startswith(self._data) or 1 not in self._server.versions:
            self._server._speak(self._stream, 1, self._data)  # noqa: SLF001

    def stream_ended(self, *_: str) -> None:
        self._stream.close()


async def serve(
    handler: Handler,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    versions: Sequence[int] = (1, 2),
    patience: float = 5.0,
) -> Server:
    """Serve HTTP/1.1 (1) and HTTP/2 (2; by prior knowledge, or by ALPN where `tls` offers it)."""
    server = Server(handler, versions, tls, patience)
    await server.start(host, port)
    return server
