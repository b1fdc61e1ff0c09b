"""The reference client of draft-ietf-keytrans-protocol: an object that answers as an adapter does.

    keytrans.client.init {config, url}        begin anew with a log: its Configuration (hex), and where it is
    keytrans.client.search {label, version}   → ok {value, version} or refused; label and value in hex

It speaks the test profile of our log. No client of other people's is known that does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

from conformance.bench import Hello, Reply, RoleOffer
from conformance.model import Ended
from conformance.net import Nobody, Route, connect
from conformance.protocols.keytrans.messages.ietf import (
    CONTACT_MONITORING,
    PROFILE,
    Configuration,
    SearchRequest,
    decode_configuration,
)
from conformance.protocols.keytrans.messages.ietf_suites import ED25519, P256
from conformance.protocols.keytrans.peers.client_search import Refused, Retained, Search
from conformance.wire import DecodeError, Message
from conformance.wire.http import request

PATIENCE = 5.0


def wall_clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Client:
    """Searches one log at a time; what it retains is replaced after the last check of an answer."""

    searching: ClassVar[type[Search]] = Search
    clock: Callable[[], int] = staticmethod(wall_clock)

    def __init__(self) -> None:
        self.configuration: Configuration | None = None
        self.url = ""
        self.retained: Retained | None = None

    def hello(self) -> Hello:
        """What it is."""
        variants = {"suite": (ED25519.name, P256.name)}
        return Hello(
            "reference client",
            language="python",
            roles={"keytrans.client": RoleOffer((PROFILE, "greatest"), variants)},
            operations=("keytrans.client.init", "keytrans.client.search"),
        )

    async def keytrans_client_init(self, config: str, url: str) -> Reply:
        """Begin anew with a log."""
        try:
            configuration = decode_configuration(bytes.fromhex(config))
        except DecodeError as why:
            return {"refused": {"class": "configuration", "detail": str(why)}}
        if configuration.mode != CONTACT_MONITORING:
            return {"unsupported": {"reason": "only contact monitoring"}}
        self.configuration, self.url, self.retained = configuration, url.rstrip("/"), None
        return {"ok": {}}

    async def keytrans_client_search(self, label: str, version: int | None = None) -> Reply:
        """Search for a version of a label, or for the greatest."""
        if self.configuration is None:
            return {"refused": {"class": "state", "detail": "there is no log yet"}}
        asked = self.request(bytes.fromhex(label), version)
        try:
            await self.before()
            answer = await self.post("/kt/v1/search", asked.encode())
            search = self.searching(self.configuration, self.retained, asked, self.clock())
            retained, value = self.verified(search, answer)
        except Refused as why:
            return {"refused": {"class": why.kind, "detail": str(why)}}
        except DecodeError as why:
            return {"refused": {"class": "malformed", "detail": str(why)}}
        except Ended as why:
            return {"refused": {"class": "transport", "detail": str(why)}}
        self.retained = retained
        return {"ok": {"value": value.hex(), "version": version}}

    def request(self, label: bytes, version: int | None) -> SearchRequest:
        """The request: `last` is the size of the retained head (13)."""
        return SearchRequest(label, version, None if self.retained is None else self.retained.size)

    async def before(self) -> None:
        """Nothing is fetched before a search: the configuration is given."""

    def verified(self, search: Search, answer: bytes) -> tuple[Retained, bytes]:
        """What the answer says, verified."""
        return search.verify(answer)

    async def post(self, path: str, content: bytes) -> bytes:
        """The content of the log's answer; Refused where it is no 200."""
        fields = ((b"Content-Type", b"application/octet-stream"),)
        return await self.fetch(lambda host: request(b"POST", path.encode(), host, fields, content))

    async def fetch(self, make: Callable[[bytes], Message]) -> bytes:
        """One request on a connection of its own."""
        route = Route.of(self.url + "/")
        connection = await connect(route, Nobody(), version=1, patience=PATIENCE)
        try:
            host = self.url.partition("://")[2].encode()
            pending: Any = await connection.request(Nobody(), make(host).build(), "log")
            answer = await pending.answer()
        finally:
            await connection.close()
        if answer.status != 200:
            raise Refused(f"http-{answer.status}", f"the log answers {answer.status}")
        content: bytes = answer.content
        return content
