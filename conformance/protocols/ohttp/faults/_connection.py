"""Faults of gateways in what they keep per connection, and with requests that come slowly, large or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import Fault, Served, faults_of
from conformance.net import Server, ServerExchange
from conformance.net._stream import Stream
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import Line, Refused, ResponseContext
from conformance.protocols.ohttp.peers import WELL_KNOWN, Gateway
from conformance.wire import DecodeError

CONTEXT = "rfc9458/4.3/response-uses-request-context"
INTACT = "rfc9458/5/inner-request-conveyed-intact"
REFUSED_4XX = "rfc9458/5.2/invalid-message-gets-4xx"
LARGE = (
    "rfc9292/3.2/content-chunks-concatenated",
    "rfc9292/3.7/any-content-bytes-accepted",
    "rfc9292/3.8/zero-padding-accepted",
    "rfc9458/6.2.3/padding-accepted-both-ends",
)
"""What large requests are sent for besides."""


@gateway_fault(CONTEXT, where={"http": [2]})
class ContextPerConnection(Gateway):
    """Keeps the context of a request in its connection, where the next request finds it."""

    def context(self, exchange: ServerExchange, context: ResponseContext) -> ResponseContext:
        exchange.connection.state["context"] = context
        return context

    async def respond(self, exchange: ServerExchange, context: ResponseContext, *args: Any, **named: Any) -> None:
        del context
        await super().respond(exchange, exchange.connection.state["context"], *args, **named)


@gateway_fault(CONTEXT, INTACT, "rfc9458/5/*-fields-*", where={"http": [1]})
class FirstContextOfAConnection(Gateway):
    """Makes a context when a connection sends its first request, and uses it as long as the connection lasts."""

    def context(self, exchange: ServerExchange, context: ResponseContext) -> ResponseContext:
        kept: ResponseContext = exchange.connection.state.setdefault("context", context)
        return kept


@gateway_fault(CONTEXT, INTACT, "rfc9458/5.2/*")
class RingOfContexts(Gateway):
    """Keeps contexts in sixteen places, and takes the next place for the next request, whether or not it is free."""

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self.ring: list[ResponseContext | None] = [None] * 16
        self.count = 0

    def context(self, exchange: ServerExchange, context: ResponseContext) -> ResponseContext:
        self.count += 1
        place = self.count % len(self.ring)
        self.ring[place] = context
        exchange.connection.state.setdefault("places", {})[exchange.stream_id] = place
        return context

    async def respond(self, exchange: ServerExchange, context: ResponseContext, *args: Any, **named: Any) -> None:
        kept = self.ring[exchange.connection.state["places"].pop(exchange.stream_id)]
        await super().respond(exchange, kept or context, *args, **named)


@gateway_fault(INTACT)
class BrokenAfterAnError(Gateway):
    """Leaves a connection that saw an error in a state in which nothing on it opens."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        exchange.connection.state["broken"] = True
        await super().refuse(exchange, why)

    async def encapsulated(self, exchange: ServerExchange) -> None:
        if exchange.connection.state.get("broken"):
            await self.plain(exchange, 400, "this connection had an error")
        else:
            await super().encapsulated(exchange)


@gateway_fault(INTACT, "rfc9458/4.3/*", CONTEXT, REFUSED_4XX)
class SixteenRequestsPerConnection(Gateway):
    """Answers the seventeenth request on a connection with an error of its own."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        state = exchange.connection.state
        state["count"] = state.get("count", 0) + 1
        if state["count"] > 16:
            await self.plain(exchange, 500, "too many")
        else:
            await super().encapsulated(exchange)


@gateway_fault(INTACT, *LARGE)
class BufferTooSmall(Gateway):
    """Reads a request into a buffer of 64 KiB, and stops where it is full."""

    def decapsulate(self, content: bytes) -> tuple[bytes, ResponseContext]:
        return super().decapsulate(content[:65536])


@gateway_fault(INTACT, where={"http": [1]})
class NeedsContentLength(Gateway):
    """Takes a request without Content-Length for one without content."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        if not any(n.lower() == b"content-length" for n, _ in exchange.request.fields):
            await self.plain(exchange, 400, "no content")
        else:
            await super().encapsulated(exchange)


# What is seen of the stream below


class _Watched(Stream):
    """A stream that counts what arrives on it."""

    pieces = 0

    def data_received(self, data: bytes) -> None:
        self.pieces += 1
        super().data_received(data)


class _Server(Server):
    def _accepted(self) -> Stream:
        return _Watched(self.patience, self._opened)


class _Below(Gateway):
    """A gateway that looks at its streams. No fault by itself."""

    async def start(self) -> Served:
        server = _Server(self.handle, (1, 2), None, 5.0)
        self._server = server
        self.watch(server)
        await server.start("127.0.0.1", 0)
        return Served(server.url + WELL_KNOWN.decode())

    def watch(self, server: Server) -> None:
        """Look at more."""


@gateway_fault(INTACT, *LARGE, where={"http": [1]})
class ReadsOnce(_Below):
    """Reads once from a connection, and takes what came for the whole request."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        stream = exchange.connection.stream
        assert isinstance(stream, _Watched)
        pieces, stream.pieces = stream.pieces, 0
        if pieces > 1:
            await self.plain(exchange, 400, "the content is shorter than announced")
        else:
            await super().encapsulated(exchange)

    async def serve_keys(self, exchange: ServerExchange) -> None:
        stream = exchange.connection.stream
        assert isinstance(stream, _Watched)
        stream.pieces = 0
        await super().serve_keys(exchange)


@gateway_fault(INTACT, where={"http": [1]})
class WaitsWhenNothingMoreComes(Gateway):
    """Takes the end of the client's direction for a client that is slow."""

    async def send(self, exchange: ServerExchange, status: int, fields: Sequence[Line], content: bytes) -> None:
        if not exchange.connection.stream.ended:
            await super().send(exchange, status, fields, content)


@gateway_fault(
    INTACT, shows=("violation", "crash", "hang"), where={"http": [1]}, origin="tiny_http: hangs after resets"
)
class WorkerLostPerReset(_Below):
    """Every client that goes away in the middle of a request costs one of eight workers."""

    lost = 0

    def watch(self, server: Server) -> None:
        opened = server._opened  # noqa: SLF001 - what is below a gateway is no part of it

        def watched(stream: Stream) -> None:
            opened(stream)
            discard = stream.left

            def left(gone: Stream) -> None:
                self.lost += gone.ended == "reset"
                if discard is not None:
                    discard(gone)

            stream.left = left

        server._opened = watched  # type: ignore[method-assign]  # noqa: SLF001

    async def handle(self, exchange: ServerExchange) -> None:
        if self.lost < 8:
            await super().handle(exchange)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
