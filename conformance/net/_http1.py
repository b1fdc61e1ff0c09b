"""HTTP/1.1: requests leave as the octets that they are, answers are read by h11."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

import h11

from conformance.model import Change
from conformance.net._connection import CONTENT_LIMIT, HEAD_LIMIT, Answer, Connection, Pending
from conformance.net._leaving import Barrier, Leaving
from conformance.net._recorder import Recorder
from conformance.net._stream import Stream
from conformance.net._tunnel1 import Tunnel1
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, head_spans, part_of

_START = b"HTTP/1."


class AnswerReader:
    """Reads one answer, interim responses before it included. No I/O."""

    def __init__(self, method: bytes) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        # Of the request, h11 needs what decides how an answer is framed: whether it was HEAD or CONNECT.
        framing = method if method in {b"HEAD", b"CONNECT"} else b"GET"
        self._h11.send(h11.Request(method=framing, target=b"/", headers=[(b"host", b"x")]))
        self._h11.send(h11.EndOfMessage())
        self._fed: list[bytes] = []
        self._total = 0
        self._head_at = 0
        self._informational: list[tuple[int, FieldLines]] = []
        self._head: h11.Response | None = None
        self._content: list[bytes] = []
        self._length = 0
        self.reusable = True
        self.rest = b""
        self.answer: Answer | None = None

    @property
    def begun(self) -> bool:
        """Whether anything of the answer has come."""
        return self._total > 0

    @property
    def octets(self) -> bytes:
        """What has come."""
        return b"".join(self._fed)

    def feed(self, data: bytes) -> bool:
        """Take octets (none: the end of the stream); whether the answer is whole, what is left over being in `rest`.

        DecodeError for what is no answer.
        """
        if data:
            self._fed.append(data)
            self._total += len(data)
            if self._total - len(data) < len(_START) and not self.octets[:7].startswith(_START[: self._total]):
                raise DecodeError("version", 0, f"no HTTP/1 answer begins with {self.octets[:7]!r}")
        try:
            self._h11.receive_data(data)
            while True:
                event = self._h11.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return False
                if self._take(event):
                    return True
        except h11.RemoteProtocolError as why:
            raise DecodeError("answer", self._total, str(why)) from why

    def _take(self, event: object) -> bool:
        match event:
            case h11.InformationalResponse():
                self._informational.append((event.status_code, tuple(event.headers.raw_items())))
                self._head_at = self._total - len(self._h11.trailing_data[0])
            case h11.Response():
                self._head = event
            case h11.Data():
                self._content.append(bytes(event.data))
                self._length += len(event.data)
                if self._length > CONTENT_LIMIT:
                    raise DecodeError("content", self._total, f"more than {CONTENT_LIMIT} octets")
            case h11.EndOfMessage():
                self._whole(event)
                return True
            case _:  # the end of the stream before an answer
                raise DecodeError("answer", self._total, "the stream ended")
        return False

    def _whole(self, end: h11.EndOfMessage) -> None:
        assert self._head is not None
        self.rest = self._h11.trailing_data[0]
        self.reusable = self._h11.their_state is h11.DONE
        octets = self.octets
        self.answer = Answer(
            1,
            self._head.status_code,
            bytes(self._head.reason),
            tuple(self._head.headers.raw_items()),
            b"".join(self._content),
            tuple(self._informational),
            tuple(end.headers.raw_items()),
            octets[: len(octets) - len(self.rest)] if self.rest else octets,
        )

    @property
    def head_at(self) -> int:
        """Where the final head begins, behind interim responses."""
        return self._head_at


class HTTP1(Connection):
    """A connection that speaks HTTP/1.1."""

    version = 1
    stream: Stream

    def __init__(self, stream: Stream, secret: FieldLines = ()) -> None:
        super().__init__(stream, secret)
        self._secret = b"".join(b"%s: %s\r\n" % line for line in secret)
        self._waiting: deque[Pending] = deque()
        self._reader: AnswerReader | None = None
        self._sending = asyncio.Lock()
        self._recorder: Recorder | None = None
        self._over = ""
        self._tunnel: Tunnel1 | None = None
        stream.consumer = self

    async def request(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Pending:
        """Send the octets of a request."""
        octets, leaving = self._with_secret(built)
        async with self._sending:
            pending = self.expect(recorder, name, part_of(built, "method") or b"")
            self.open = self.open and not leaving.end
            await self.stream.send(octets, leaving, barrier=barrier)
        return pending

    async def tunnel(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Tunnel1:
        """Send the octets of a request that asks for an upgrade; the connection is the tunnel's until it is refused."""
        tunnel = Tunnel1(self.stream, recorder, name, part_of(built, "method") or b"")
        if self.stream.ended:
            tunnel.end(self.stream.ended, self.stream.detail)
            return tunnel
        octets, leaving = self._with_secret(built)
        self.open = False
        self._tunnel = tunnel
        tunnel.given_back = self._given_back
        self.stream.consumer = tunnel
        await self.stream.send(octets, leaving, barrier=barrier)
        return tunnel

    def _given_back(self, rest: bytes) -> None:
        self.open = not self.stream.ended
        self._tunnel = None
        self._recorder = None
        self.stream.consumer = self
        if rest:
            self.data_received(rest)

    def _with_secret(self, built: Built) -> tuple[bytes, Leaving]:
        octets, leaving = built.octets, Leaving.of(built.leaving, len(built.octets))
        if self._secret:
            at = next((start for path, start, _, _ in built.spans if path == "end"), 0)
            octets = octets[:at] + self._secret + octets[at:]
            leaving = leaving.moved(at, len(self._secret))
        return octets, leaving

    async def raw(self, octets: bytes, leaving: Iterable[Change] = (), *, barrier: Barrier | None = None) -> None:
        """Send octets."""
        async with self._sending:
            await self.stream.send(octets, leaving, barrier=barrier)

    def expect(self, recorder: Recorder, name: str = "outer", method: bytes = b"GET") -> Pending:
        """Take the next answer that no other request has taken."""
        pending = Pending(self, recorder, name, method)
        if self.stream.ended:
            pending.end(self.stream.ended, self.stream.detail)
        elif self._over:
            pending.end("closed", self._over)
        elif self.stream.closing:
            pending.dropped()
        else:
            self._waiting.append(pending)
        self._recorder = recorder
        return pending

    def progress_of(self, pending: Pending) -> float:  # noqa: ARG002 - the same for all
        """Any octets on the connection are progress."""
        return self.stream.progress

    def abandoned(self, pending: Pending) -> None:  # noqa: ARG002 - the same for all
        """Answers can no longer be told apart."""
        self.open = False

    def data_received(self, data: bytes) -> None:
        """Read answers."""
        while data:
            if not self._waiting:
                self._stray(data)
                return
            reader = self._reader = self._reader or AnswerReader(self._waiting[0].method)
            try:
                if not reader.feed(data):
                    return
            except DecodeError as why:
                self._undecodable(why, reader.octets)
                return
            data = reader.rest
            self._answered(reader)

    def _answered(self, reader: AnswerReader) -> None:
        answer = reader.answer
        assert answer is not None
        self._reader = None
        self.open = self.open and reader.reusable
        spans, content_at = head_spans(answer.octets, reader.head_at, request=False)
        self._waiting.popleft().answered(answer, spans, content_at)

    def _stray(self, data: bytes) -> None:
        """Octets that answer nothing: the connection is no longer to be trusted."""
        self.open = False
        if self._recorder is not None:
            self._recorder.saw("stray", octets=data)

    def _undecodable(self, why: DecodeError, octets: bytes) -> None:
        self.open = False
        self._reader = None
        self._over = "ended by us after an answer that is none"
        for n, pending in enumerate(self._waiting):
            if n == 0:
                pending.undecodable(why, octets)
            else:
                pending.end("closed", self._over)
        self._waiting.clear()
        self.stream.reset()

    def stream_ended(self, what: str, detail: str) -> None:
        """Tell those who wait."""
        self.open = False
        if self._reader is not None and what == "closed":
            try:
                if self._reader.feed(b""):
                    self._answered(self._reader)
            except DecodeError:
                detail = f"in the middle of an answer{': ' if detail else ''}{detail}"
        while self._waiting:
            self._waiting.popleft().end(what, detail)

    async def close(self) -> None:
        """End it."""
        self.open = False
        while self._waiting:
            self._waiting.popleft().dropped()
        if self._tunnel is not None:
            self._tunnel.dropped()
        self.stream.close()
