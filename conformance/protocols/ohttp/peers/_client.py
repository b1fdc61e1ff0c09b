"""The reference client (RFC 9458, Sections 4 and 5): every step a method, so that a fault replaces one of them.

    keys → choose one → Binary HTTP → seal → POST → check status and media type → open → read Binary HTTP

It answers as an adapter does. Keys and encapsulation are the library's; what it adds is HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from typing import Any, ClassVar

from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto import HPKEError
from conformance.model import Ended
from conformance.net import Answer, Nobody, Route, connect
from conformance.protocols.ohttp.messages import (
    KEYS_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    Decoder,
    Line,
    Refused,
    bhttp_request,
    message_json,
    message_of_json,
)
from conformance.protocols.ohttp.peers._hpke import SUITES, refused
from conformance.protocols.ohttp.peers._library_hpke import Encapsulation
from conformance.wire import DecodeError
from conformance.wire.http import HOP_BY_HOP, media_type, request

PATIENCE = 2.0
"""Seconds that a server gets."""


class Client(Encapsulation):
    """Fetches resources through a relay, or from the gateway itself."""

    decoder: ClassVar[type[Decoder]] = Decoder
    features: ClassVar[tuple[str, ...]] = ("fetches-keys", "plain")

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference client",
            language="python",
            roles={"ohttp.client": RoleOffer(self.features, {"suite": SUITES})},
            operations=("ohttp.client.fetch",),
            parallel=16,
        )

    async def ohttp_client_fetch(
        self, url: str, request: dict[str, Any], keys: str = "", keys_url: str = "", *, chunked: bool = False
    ) -> Reply:
        """Fetch a resource: POST to `url`, for one of the keys that are given, or that are found where `keys_url` says.

        The reply holds the response as the application gets it.
        """
        try:
            wanted = message_of_json(request)
            assert isinstance(wanted, BinaryRequest), "the suite asks for requests"
            collection = bytes.fromhex(keys) or await self.fetched_keys(keys_url)
            usable = self.usable(self.entries(collection))
            response = await self.fetched(url, self.prepared(wanted), usable, chunked=chunked)
        except (DecodeError, HPKEError, Refused, Ended) as why:
            return refused("fetch", why)
        return {"ok": {"response": message_json(response)}}

    # keys

    async def fetched_keys(self, url: str) -> bytes:
        """The collection that is published there; Refused where it is none (3.2)."""
        answer = await self.exchange(url, b"GET", ((b"accept", KEYS_TYPE.encode()),), None)
        if answer.status != 200 or media_type(answer.fields) != KEYS_TYPE:
            raise Refused("keys", f"{answer.status}, {media_type(answer.fields) or 'no media type'}")
        return answer.content

    # requests

    def prepared(self, wanted: BinaryRequest) -> BinaryRequest:
        """The request as it is encoded: dated (6.5.1), without an expectation that cannot be met (5.1).

        Fields that concern a connection are left out too (RFC 9292, Section 3.6).
        """
        kept = [(n, v) for n, v in wanted.fields if n.lower() not in HOP_BY_HOP | {b"expect"}]
        if not any(n.lower() == b"date" for n, _ in kept):
            kept += self.dates()
        return replace(wanted, fields=tuple(kept))

    def dates(self) -> Sequence[Line]:
        """When the request was made (6.5.1)."""
        return ((b"date", formatdate(time.time(), usegmt=True).encode()),)

    def encoded(self, wanted: BinaryRequest) -> bytes:
        """The request in Binary HTTP."""
        return bhttp_request(wanted).encode()

    async def fetched(self, url: str, wanted: BinaryRequest, usable: Sequence[Any], *, chunked: bool) -> BinaryResponse:
        """The response to one request; it is sent once, whatever becomes of it (6.5)."""
        del chunked
        octets, exchange = self.sealed(usable, self.encoded(wanted))
        answer = await self.posted(url, octets, wanted)
        self.check_answer(answer)
        return self.read(self.response_opened(answer.content, exchange))

    def outer_fields(self, wanted: BinaryRequest) -> Sequence[Line]:
        """The fields outside: the media type. Nothing depends on what is inside (5), nothing identifies (6.1)."""
        del wanted
        return ((b"content-type", self.request_type().encode()),)

    def request_type(self) -> str:
        """The media type of what it sends (4.5)."""
        return REQUEST_TYPE

    async def posted(self, url: str, octets: bytes, wanted: BinaryRequest) -> Answer:
        """What the relay answers."""
        return await self.exchange(url, b"POST", self.outer_fields(wanted), octets)

    async def exchange(self, url: str, method: bytes, fields: Sequence[Line], content: bytes | None) -> Answer:
        """One request over HTTP/1.1, on a connection of its own."""
        route = Route.of(url)
        connection = await connect(route, Nobody(), version=1, patience=PATIENCE)
        try:
            built = request(method, route.target.encode(), route.authority.encode(), fields, content).build()
            pending = await connection.request(Nobody(), built, "outer")
            return await pending.answer()
        finally:
            await connection.close()

    # responses

    def check_answer(self, answer: Answer) -> None:
        """Whether the answer is an encapsulated response; Refused otherwise: it is not the target's (5.2)."""
        self.check_status(answer)
        self.check_type(answer, RESPONSE_TYPE)

    def check_status(self, answer: Answer) -> None:
        """An encapsulated response comes with 200 (5)."""
        if answer.status != 200:
            raise Refused("status", f"{answer.status} from the relay or the gateway")

    def check_type(self, answer: Answer, wanted: str) -> None:
        """An encapsulated response says that it is one (4.5)."""
        if media_type(answer.fields) != wanted:
            raise Refused("type", f"{media_type(answer.fields) or 'no media type'} in place of {wanted}")

    def read(self, plaintext: bytes) -> BinaryResponse:
        """The response in Binary HTTP; DecodeError where it is none."""
        message = self.decoder(plaintext).message()
        if not isinstance(message, BinaryResponse):
            raise DecodeError("bhttp.framing", 0, "a request where a response is wanted")
        return message
