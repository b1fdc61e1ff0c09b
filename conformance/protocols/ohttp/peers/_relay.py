"""The reference relay (RFC 9458, Sections 5 and 6.2): it carries content to its one gateway, and the answer back.

    POST → check type and content → POST to the gateway, nothing of the client around it → the gateway's answer

What it cannot do it answers by itself, in the open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from conformance.bench import Peer, RoleOffer, Served, record_request
from conformance.model import Ended
from conformance.net import Answer, Nobody, Request, Route, Server, ServerExchange, connect, serve
from conformance.protocols.ohttp.messages import CHUNKED_REQUEST_TYPE, REQUEST_TYPE, Line
from conformance.protocols.ohttp.peers._gateway import WELL_KNOWN
from conformance.wire import DecodeError, Message
from conformance.wire.http import HOP_BY_HOP, combined, media_type, request, response

PATH = b"/relay"
TYPES = (REQUEST_TYPE, CHUNKED_REQUEST_TYPE)
GATEWAY_PATIENCE = 1.0
"""Seconds that a gateway gets."""


class Relay(Peer):
    """Relay to the gateway whose URL is `options["gateway"]`, or that of the first origin in `options["targets"]`."""

    role: ClassVar[str] = "ohttp.relay"
    offers: ClassVar[RoleOffer] = RoleOffer(("chunked",), {"http": (1, 2)})

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self._server: Server | None = None

    async def start(self) -> Served:
        """Begin to serve on loopback (`listen` and `port` in the options say where)."""
        host, port = self.options.get("listen", "127.0.0.1"), self.options.get("port", 0)
        self._server = await serve(self.handle, host=host, port=port)
        return Served(self._server.url.rstrip("/") + PATH.decode())

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.close()

    async def handle(self, exchange: ServerExchange) -> None:
        """One request at the relay resource."""
        asked = exchange.request
        record_request(self.bench, asked, "outer", where="relay")
        if (refusal := self.refusal(asked)) is not None:
            await self.plain(exchange, *refusal)
            return
        try:
            answer = await self.asked(self.gateway(asked), asked)
        except (Ended, DecodeError, TimeoutError) as why:
            await self.failed(exchange, str(why))
        else:
            await self.returned(exchange, answer)

    # requests

    def refusal(self, asked: Request) -> tuple[int, str, tuple[Line, ...]] | None:
        """Status, reason and fields where a request is not one for a gateway (5)."""
        if asked.target != PATH:
            return 404, "nothing here", ()
        if asked.method != b"POST":
            return 405, "POST an encapsulated request", ((b"Allow", b"POST"),)
        if not self.takes_type(asked):
            return 415, "the content is no encapsulated request", ()
        if not asked.content:
            return 400, "there is no content", ()
        return None

    def takes_type(self, asked: Request) -> bool:
        """Whether the content says that it is an encapsulated request (4.5)."""
        return media_type(asked.fields) in TYPES

    def gateway(self, asked: Request) -> str:
        """Where requests go: to the one gateway (8.2)."""
        del asked
        known = self.options.get("gateway")
        return str(known) if known else self.options["targets"][0] + WELL_KNOWN.decode()

    def forwarded_fields(self, asked: Request) -> Sequence[Line]:
        """What of the fields goes on: the media type, and how octets are to be passed on (6.2, RFC 10036)."""
        names = (b"content-type", b"incremental")
        return [(name, value) for name in names if (value := combined(asked.fields, name)) is not None]

    def content(self, asked: Request) -> bytes:
        """The content that goes on: as it came (5)."""
        return asked.content

    async def asked(self, url: str, asked: Request) -> Answer:
        """What the gateway answers; it is asked once (6.5)."""
        route = Route.of(url)
        connection = await connect(route, Nobody(), version=1, patience=GATEWAY_PATIENCE)
        try:
            fields, content = self.forwarded_fields(asked), self.content(asked)
            message = request(b"POST", route.target.encode(), route.authority.encode(), fields, content)
            pending = await connection.request(Nobody(), message.build(), "outer")
            return await pending.answer()
        finally:
            await connection.close()

    # answers

    async def returned(self, exchange: ServerExchange, answer: Answer) -> None:
        """Give the gateway's answer back: status, content, and all fields but those of its connection (5)."""
        await self.send(exchange, self.answer(answer, exchange.request.version))

    def answer(self, answer: Answer, version: int) -> Message:
        """The response that is given back."""
        return response(answer.status, self.returned_fields(answer), answer.content, version=version)

    def returned_fields(self, answer: Answer) -> Sequence[Line]:
        """What of the gateway's fields goes back."""
        named = {name.strip().lower() for n, v in answer.fields if n.lower() == b"connection" for name in v.split(b",")}
        own = HOP_BY_HOP | named | {b"content-length"}
        return [(n, v) for n, v in answer.fields if n.lower() not in own]

    async def failed(self, exchange: ServerExchange, why: str) -> None:
        """The gateway gave no answer."""
        await self.plain(exchange, 502, why)

    async def plain(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        """Answer in the open (5.2)."""
        fields = [(b"Content-Type", b"text/plain"), *more]
        await self.send(exchange, response(status, fields, why.encode(), version=exchange.request.version))

    async def send(self, exchange: ServerExchange, message: Message) -> None:
        """Let a response leave."""
        await exchange.answer(self.bench.point("relayed", message))
