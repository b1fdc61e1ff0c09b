"""Tunnels of HTTP/1.1: the octets of a connection that was upgraded."""

from __future__ import annotations

from collections.abc import Callable

import h11

from conformance.net._connection import HEAD_LIMIT
from conformance.net._leaving import HALF, RESET, Barrier
from conformance.net._recorder import Recorder
from conformance.net._stream import Stream
from conformance.net._tunnel import DATA, END, HEAD, Seen, Tunnel
from conformance.wire import Built, DecodeError
from conformance.wire.http import head_spans


class Stream1(Tunnel):
    """What both sides share: octets go out as they are."""

    version = 1

    def __init__(self, stream: Stream, recorder: Recorder | None, name: str) -> None:
        super().__init__(stream, recorder, name)
        self.stream = stream
        self.switched = False

    async def send(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send octets."""
        await self.stream.send(built.octets, built.leaving, barrier=barrier)

    async def finish(self) -> None:
        """End our direction of the connection; over TLS both."""
        await self.stream.finish(HALF)
        self.finished()

    async def reset(self, code: int | None = None) -> None:  # noqa: ARG002 - a reset of TCP has no code
        """Reset the connection."""
        await self.stream.finish(RESET)

    def stream_ended(self, what: str, detail: str) -> None:
        """Take the end of the peer's direction, or of all."""
        if what == "closed" and self.switched:
            self.tell(Seen(END))
        else:
            self.end(what, detail)


class Tunnel1(Stream1):
    """The client's side. What is not 101 is read as an answer: its content is `data`, and the connection goes on.

    `given_back` takes what follows such an answer.
    """

    def __init__(self, stream: Stream, recorder: Recorder | None, name: str, method: bytes) -> None:
        super().__init__(stream, recorder, name)
        self.given_back: Callable[[bytes], None] | None = None
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        framing = method if method in {b"HEAD", b"CONNECT"} else b"GET"
        lines = [(b"host", b"x"), (b"connection", b"upgrade"), (b"upgrade", b"x")]
        self._h11.send(h11.Request(method=framing, target=b"/", headers=lines))
        self._h11.send(h11.EndOfMessage())
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Read the answer, then octets."""
        if self.switched:
            self.tell(Seen(DATA, data))
            return
        if not self.answered:
            self._head += data
        try:
            self._read(data)
        except h11.RemoteProtocolError as why:
            self.undecodable(DecodeError("answer", len(self._head), str(why)), self._head[:HEAD_LIMIT])
            self.stream.reset()

    def _read(self, data: bytes) -> None:
        if data or not self.stream.tls:
            self._h11.receive_data(data)
        while True:
            event = self._h11.next_event()
            match event:
                case h11.InformationalResponse() | h11.Response():
                    self._took_head(event)
                case h11.Data():
                    self.tell(Seen(DATA, bytes(event.data)))
                case h11.EndOfMessage():
                    self.tell(Seen(END))
                    if self.given_back is not None and self._h11.their_state is h11.DONE:
                        self.given_back(self._h11.trailing_data[0])
                    return
                case h11.PAUSED:
                    self.switched = True
                    rest = self._h11.trailing_data[0]
                    if rest:
                        self.tell(Seen(DATA, rest))
                    return
                case _:
                    return

    def _took_head(self, event: h11.InformationalResponse | h11.Response) -> None:
        rest = self._h11.trailing_data[0]
        octets, self._head = self._head[: len(self._head) - len(rest)], rest
        spans, _ = head_spans(octets, request=False)
        self.tell(Seen(HEAD, octets, event.status_code, tuple(event.headers.raw_items())), spans=tuple(spans))

    def stream_ended(self, what: str, detail: str) -> None:
        """Take the end; that of an answer whose length was not announced, too."""
        if what == "closed" and self.answered and not self.switched and not self.ended:
            try:
                self._h11.receive_data(b"")
                whole = isinstance(self._h11.next_event(), h11.EndOfMessage)
            except h11.RemoteProtocolError:
                whole = False
            if whole:
                self.tell(Seen(END))
                return
            detail = f"in the middle of an answer{': ' if detail else ''}{detail}"
        super().stream_ended(what, detail)
