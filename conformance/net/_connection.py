"""What a connection is, whatever version it speaks: requests go out, answers are awaited one by one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.model import Change, Ended, Span
from conformance.net._leaving import Barrier
from conformance.net._recorder import Recorder, shown, texts
from conformance.net._stream import FOREVER, Carrier, silence
from conformance.net._tunnel import Tunnel
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines

HEAD_LIMIT = 64 * 1024
"""Octets of a head that are taken; more is undecodable."""
CONTENT_LIMIT = 64 * 1024 * 1024
"""Octets of a content that are taken; more is undecodable."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response: `octets` as received in HTTP/1.1, a rendering in later versions; interim responses too."""

    version: int
    status: int
    reason: bytes
    fields: FieldLines
    content: bytes
    informational: tuple[tuple[int, FieldLines], ...] = ()
    trailers: FieldLines = ()
    octets: bytes = b""


def record_answer(recorder: Recorder, name: str, answer: Answer, spans: Sequence[Span], content_at: int) -> None:
    """Record an answer as `received`."""
    octets, spans, more = shown(answer.octets, spans, content_at, len(answer.content))
    if answer.informational:
        more["informational"] = [[status, texts(fields)] for status, fields in answer.informational]
    if answer.trailers:
        more["trailers"] = texts(answer.trailers)
    recorder.saw(
        "received", name, octets=octets, spans=tuple(spans), version=answer.version, status=answer.status,
        fields=texts(answer.fields), **more,
    )  # fmt: skip


class Pending:
    """A request that is under way. Its answer, or how it ended, is recorded when it comes, awaited or not."""

    def __init__(self, connection: Connection, recorder: Recorder, name: str, method: bytes = b"GET") -> None:
        self.connection = connection
        self.recorder = recorder
        self.name = name
        self.method = method
        self.stream_id = 0
        self.result: Answer | Ended | DecodeError | None = None
        self.progress = 0.0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def done(self) -> bool:
        """Whether its answer or its end has come."""
        return self.result is not None

    async def answer(self) -> Answer:
        """The answer; Ended or DecodeError, recorded already, where none came or it was none."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        patience = self.connection.stream.patience
        while self.result is None:
            quiet = max(began, self.connection.progress_of(self)) + patience
            last = began + FOREVER * patience
            now = loop.time()
            if now >= min(quiet, last):
                self.end("timeout", silence(patience, quiet > last))
                self.connection.abandoned(self)
                break
            self._waiter = loop.create_future()
            timer = loop.call_at(min(quiet, last), self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
        if isinstance(self.result, Answer):
            return self.result
        assert self.result is not None
        raise self.result

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def answered(self, answer: Answer, spans: Sequence[Span], content_at: int) -> None:
        """The answer is whole."""
        if self.result is None:
            self.result = answer
            record_answer(self.recorder, self.name, answer, spans, content_at)
            self._wake()

    def end(self, what: str, detail: str = "", **value: Any) -> None:
        """It ended without an answer, by the peer."""
        if self.result is None:
            self.result = Ended(what, detail)
            self.recorder.saw(what, self.name, detail=detail, **value)
            self._wake()

    def undecodable(self, why: DecodeError, octets: bytes = b"") -> None:
        """The answer breaks HTTP itself."""
        if self.result is None:
            self.result = why
            self.recorder.saw("undecodable", self.name, octets=octets[:HEAD_LIMIT], detail=str(why))
            self._wake()

    def dropped(self) -> None:
        """We ended it: nothing of the peer's is recorded."""
        if self.result is None:
            self.result = Ended("closed", "ended by the suite")
            self._wake()


class Connection(ABC):
    """A connection to a server. Several requests may be under way: pipelined in HTTP/1.1, else streams.

    `open` turns False when the peer closed it or said that it will. Sending never raises for what the peer does: the
    pending answer tells. A connection belongs to no part: every operation takes the recorder that it is for.
    """

    scope = "session"
    version: int
    stream: Carrier

    def __init__(self, stream: Carrier, secret: FieldLines = ()) -> None:
        self.stream = stream
        self.secret = secret
        self.open = True

    @abstractmethod
    async def request(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Pending:
        """Send what a recipe of `conformance.wire.http.request` came to, as its changes say that it leaves."""

    @abstractmethod
    def expect(self, recorder: Recorder, name: str = "outer", method: bytes = b"GET") -> Pending:
        """An answer to what is sent as `raw` octets."""

    @abstractmethod
    async def raw(self, octets: bytes, leaving: Iterable[Change] = (), *, barrier: Barrier | None = None) -> None:
        """Send octets that need be no request."""

    @abstractmethod
    async def tunnel(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Tunnel:
        """Send a request whose stream lives on (`conformance.wire.http.upgrade`): nothing ends it but what follows.

        Content that the request has follows its head at once. No answer is waited for.
        """

    async def announced(self) -> dict[int, int] | None:
        """The peer's settings, waited for; None where none came in time, or where the version has none."""
        return None

    @abstractmethod
    def progress_of(self, pending: Pending) -> float:
        """When something last moved for it, in the loop's time."""

    @abstractmethod
    def abandoned(self, pending: Pending) -> None:
        """Nobody waits for it any more."""

    @abstractmethod
    async def close(self) -> None:
        """End it from our side: nothing more is recorded."""
