"""The reference log of draft-ietf-keytrans-protocol, over HTTP in our test profile `keytrans-http-test/1`.

    GET  /kt/v1/config  → Configuration
    POST /kt/v1/search  SearchRequest → SearchResponse; 400 malformed, 404 not there, 410 expired

The draft defines no transport (its Section 2.1 recommends the TLS encoding), so a subject needs a shim that speaks
this. The log lies as its history (point `log`) and its answers (point `answer`) are changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from conformance.bench import Peer, Served
from conformance.net import Server, ServerExchange, serve
from conformance.protocols.keytrans.messages.ietf import SearchRequest, decode_search_request
from conformance.protocols.keytrans.peers.log_answer import Recorder, answer, same_head, updated_head
from conformance.protocols.keytrans.peers.log_history import History, View, view_of
from conformance.protocols.keytrans.trees import EXPIRED, SearchFailed, search_greatest, search_version
from conformance.wire import DecodeError, Message
from conformance.wire.http import response

CONFIG, SEARCH = b"/kt/v1/config", b"/kt/v1/search"
OCTETS = b"application/octet-stream"


class Log(Peer):
    """Serves one history; `history` and `bench` may be replaced while it runs, which is how a log grows."""

    role: ClassVar[str] = "keytrans.log"

    def __init__(self, bench: Any, options: Mapping[str, Any] | None, history: History) -> None:
        super().__init__(bench, options)
        self.history = history
        self.heads: set[tuple[int, bytes]] = set()
        """The heads that were told: size and root."""
        self._asked: View | None = None
        self._server: Server | None = None

    async def start(self) -> Served:
        """Begin to serve on loopback (`listen` and `port` in the options say where)."""
        self._server = await serve(
            self.handle, host=self.options.get("listen", "127.0.0.1"), port=self.options.get("port", 0)
        )
        return Served(self._server.url, {"config": self.history.configuration().encode().hex()})

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.close()

    async def handle(self, exchange: ServerExchange) -> None:
        """One request."""
        asked = exchange.request
        if asked.target == CONFIG and asked.method == b"GET":
            self._asked = self._asked or self.view()
            await self.send(exchange, 200, self._asked.configuration)
        elif asked.target == SEARCH and asked.method == b"POST":
            await self.search(exchange)
        else:
            await self.send(exchange, 404, b"")

    def view(self) -> View:
        """The history as it leaves its point: once for a search and what is asked of the configuration before it."""
        return view_of(self.bench.point("log", self.history.recipe()).fields)

    async def search(self, exchange: ServerExchange) -> None:
        """Answer a search (13.1)."""
        content = exchange.request.content
        try:
            asked = decode_search_request(content)
        except DecodeError as why:
            self.bench.saw("received", "request", octets=content, refused=str(why))
            await self.send(exchange, 400, str(why).encode())
            return
        told = {"label": asked.label.hex(), "version": asked.version, "last": asked.last}
        self.bench.saw("received", "request", octets=content, **told)
        view, self._asked = self._asked or self.view(), None
        version = asked.version
        if version is None:
            version = self.history.claimed if self.history.claimed is not None else view.greatest(asked.label)
        lying = self.history.negative or self.history.claimed is not None
        if not view.size or version is None or ((asked.label, version) not in view.held and not lying):
            await self.send(exchange, 404, b"")
            return
        try:
            made = self.answer(view, asked, version)
        except SearchFailed as why:
            await self.send(exchange, 410 if why.kind == EXPIRED else 404, str(why).encode())
            return
        await self.send(exchange, 200, self.bench.point("answer", made).octets)

    def answer(self, view: View, asked: SearchRequest, version: int) -> Message:
        """The recipe of the answer; SearchFailed where the version cannot be found."""
        root = view.log.root
        last = asked.last or 0
        same = last == view.size and (last, root) in self.heads
        known = last if last < view.size or same else 0  # whoever knows more is served as one who knows nothing
        self.heads.add((view.size, root))
        recorder = Recorder(self.history, view, asked.label, known)
        recorder.learn()
        try:
            if asked.version is None:
                search_greatest(recorder, version)
            else:
                search_version(recorder, version)
        except SearchFailed:
            if not self.history.negative:
                raise
        return answer(
            same_head() if same else updated_head(),
            view,
            view.held.get((asked.label, version)),
            recorder.ladder_steps(version),
            recorder.combined(),
            suite=self.history.suite,
            version=None if asked.version is not None else version,
        )

    async def send(self, exchange: ServerExchange, status: int, content: bytes) -> None:
        """Let a response leave."""
        fields = ((b"Content-Type", OCTETS), (b"Cache-Control", b"no-store"))
        recipe = response(status, fields, content, version=exchange.request.version)
        await exchange.answer(self.bench.point("response", recipe))
