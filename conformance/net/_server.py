"""An HTTP server for our own peers, as cheap to start as a socket; what it answers are recipes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.model import Change, Ended, UsageError
from conformance.net._leaving import Barrier
from conformance.net._request import Request
from conformance.net._server_tunnel import ServerTunnel, TunnelHandler
from conformance.net._stream import Carrier, Stream
from conformance.wire import Built, DecodeError

if TYPE_CHECKING:
    from conformance.net._certificate import Certificate
    from conformance.net._server1 import ServerHTTP1
    from conformance.net._server2 import ServerHTTP2
    from conformance.net._server3 import QUICListener, ServerHTTP3
    from conformance.net._settings3 import HTTP3Settings

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, Section 3.4


class ServerConnection(ABC):
    """A connection that was accepted: `state` is free for the peer's use, as long as the connection lasts."""

    version: int
    stream: Carrier

    def __init__(self, server: Server, stream: Carrier) -> None:
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
        """End the exchange abortively: the stream, in HTTP/1.1 the connection."""

    @abstractmethod
    async def raw(self, exchange: ServerExchange, octets: bytes, leaving: Iterable[Change], /) -> None:
        """Send octets that need be no answer: on the exchange's stream in HTTP/3, else on the connection."""

    @abstractmethod
    async def close(self) -> None:
        """End the connection when what was written has left."""

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
        await self.connection.raw(self, octets, leaving)

    async def reset(self, code: int | None = None) -> None:
        """End the exchange abortively; `code` goes into the frame that says so (the one for cancelling unless told)."""
        if code is None:
            code = 0x10C if self.connection.version == 3 else 0x8
        await self.connection.reset(self, code)

    async def close(self) -> None:
        """Close the connection."""
        await self.connection.close()


Handler = Callable[[ServerExchange], Awaitable[None]]


class Server:
    """A server that is listening. `failures` are exceptions out of the handler, `broken` counts requests that are none.

    `connections` counts those accepted, `refusal` is the content of what we answer to a request that is none.
    """

    def __init__(
        self,
        handler: Handler,
        versions: Sequence[int],
        tls: ssl.SSLContext | None,
        patience: float,
        tunnels: TunnelHandler | None = None,
    ) -> None:
        self.tunnels = tunnels
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
        self.settings2: Mapping[int, int] = {}
        self.http1: type[ServerHTTP1] | None = None
        self.http2: type[ServerHTTP2] | None = None
        self.http3: type[ServerHTTP3] | None = None
        self._secure = tls is not None
        self._quic: QUICListener | None = None

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._secure else 'http'}://{host}:{self.port}"

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

    async def start3(self, host: str, port: int, certificate: Certificate, settings: HTTP3Settings | None) -> None:
        """Listen for HTTP/3."""
        from conformance.net._server3 import listen

        self._secure = True
        self._quic = await listen(self, host, port, certificate, settings)
        self.host, self.port = self._quic.host, self._quic.port

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

            consumer: Any = (self.http1 or ServerHTTP1)(self, stream)
        else:
            from conformance.net._server2 import ServerHTTP2

            consumer = (self.http2 or ServerHTTP2)(self, stream)
        stream.consumer = consumer
        if data:
            consumer.data_received(data)

    def handle(self, exchange: ServerExchange) -> None:
        """Let the handler run beside everything else."""
        self.spawn(self._handle(exchange))

    def handle_tunnel(self, tunnel: ServerTunnel) -> None:
        """Let the tunnels' handler run beside everything else."""
        self.spawn(self._handle_tunnel(tunnel))

    async def _handle_tunnel(self, tunnel: ServerTunnel) -> None:
        assert self.tunnels is not None
        try:
            with contextlib.suppress(Ended, DecodeError):
                await self.tunnels(tunnel)
        except Exception as why:  # noqa: BLE001 - whatever it is, the client must not wait for it
            self.failures.append(why)
            await tunnel.reset()

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
        if self._quic is not None:
            self._quic.stop()
            self._quic = None
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
    tls: ssl.SSLContext | Certificate | None = None,
    versions: Sequence[int] = (1, 2),
    patience: float = 5.0,
    tunnels: TunnelHandler | None = None,
    settings: HTTP3Settings | None = None,
    http3: type[ServerHTTP3] | None = None,
    http2: type[ServerHTTP2] | None = None,
    http1: type[ServerHTTP1] | None = None,
    settings2: Mapping[int, int] | None = None,
) -> Server:
    """Serve HTTP/1.1 (1), HTTP/2 (2; by prior knowledge, or by ALPN where `tls` offers it) and HTTP/3 (3).

    HTTP/3 listens at the UDP port of the same number, and needs a certificate for `tls`; `settings` are what it says at
    first, `http3`, `http2` and `http1` are the classes of their connections. With `tunnels`, requests that ask for one
    go there, and HTTP/2 announces extended CONNECT unless `settings2` says otherwise.
    """
    context: ssl.SSLContext | None = None
    if isinstance(tls, ssl.SSLContext):
        context = tls
    elif tls is not None and set(versions) & {1, 2}:
        context = tls.context([name for v, name in ((2, "h2"), (1, "http/1.1")) if v in versions])
    server = Server(handler, versions, context, patience, tunnels)
    server.http1, server.http2, server.http3 = http1, http2, http3
    server.settings2 = {0x8: 1} if settings2 is None and tunnels is not None else settings2 or {}
    if 3 in versions and (tls is None or isinstance(tls, ssl.SSLContext)):
        raise UsageError("HTTP/3 needs a certificate of ours")
    for attempt in range(10):
        if set(versions) & {1, 2}:
            await server.start(host, port)
        if 3 not in versions:
            break
        assert tls is not None
        assert not isinstance(tls, ssl.SSLContext)
        try:
            await server.start3(host, server.port or port, tls, settings)
            break
        except OSError:  # over UDP, another has the port that TCP gave us
            await server.close()
            if port or attempt == 9:
                raise
    return server
