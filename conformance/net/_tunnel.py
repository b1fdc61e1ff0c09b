"""A request whose stream lives on: the same for all versions of HTTP and for both sides."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Any

from conformance.model import Ended
from conformance.net._leaving import FULL, HALF, RESET, Barrier, Leaving
from conformance.net._recorder import Nobody, Recorder, texts
from conformance.net._stream import Carrier, silence
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, rendered

HEAD, DATA, DATAGRAM, END, STOP = "head", "data", "datagram", "end", "stop"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that came: `what` is head, data, datagram, end (of the peer's direction) or stop.

    A `head` has `status` and `fields`; it is interim where the status is 1xx, but for 101. `data` and `datagram` have
    `octets` (of a datagram the HTTP datagram's payload), `stop` the `code` with which the peer wants no more of ours.
    """

    what: str
    octets: bytes = b""
    status: int = 0
    fields: FieldLines = ()
    code: str = ""


class Tunnel(ABC):
    """A request's stream from either side.

    All that comes is recorded when it comes: `received` (a head, with `version`, `status`, `fields`), `data`,
    `datagram`, `end`, `stop`; and what ends it, once: closed, reset, stream-error (with code), timeout, tls-error or
    undecodable. `recorder` may be exchanged at any time. Sending never raises for what the peer does.
    """

    version: int

    def __init__(self, carrier: Carrier, recorder: Recorder | None, name: str, stream_id: int = 0) -> None:
        self.carrier = carrier
        self.recorder: Recorder = recorder or Nobody()
        self.name = name
        self.stream_id = stream_id
        self.where = ""
        self.result: Ended | DecodeError | None = None
        self.ended = False
        self.answered = False
        self.halved = False
        self.clean = False
        self.informational: list[Seen] = []
        self.progress = asyncio.get_running_loop().time()
        self._seen: deque[Seen] = deque()
        self._waiter: asyncio.Future[bool] | None = None

    # What is known of it

    @property
    def quarter(self) -> int:
        """The quarter stream ID (RFC 9297, Section 2.1)."""
        return self.stream_id // 4

    @property
    def has_datagrams(self) -> bool:
        """Whether QUIC datagrams can be sent: the peer announced both the setting and the transport parameter."""
        return False

    @property
    def open(self) -> bool:
        """Whether the peer has ended neither its direction nor all."""
        return self.result is None and not self.ended

    # Receiving

    async def next(self, patience: float | None = None) -> Seen:
        """The next thing that comes; Ended or DecodeError, recorded already, where all is over or nothing came.

        A timeout is recorded but ends nothing: one may go on waiting.
        """
        patience = self.carrier.patience if patience is None else patience
        seen = await self.quiet(patience)
        if seen is None:
            self._saw("timeout", detail=silence(patience, drips=False))
            raise Ended("timeout", silence(patience, drips=False))
        return seen

    async def quiet(self, patience: float) -> Seen | None:
        """The next thing that comes, or None where nothing came in that time, of which nothing is recorded."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while not self._seen:
            if self.result is not None:
                raise self.result
            if loop.time() >= until:
                return None
            self._waiter = loop.create_future()
            timer = loop.call_at(until, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return self._seen.popleft()

    async def head(self, patience: float | None = None) -> Seen:
        """The final head, interim ones before it being kept in `informational`; for the client's side.

        What comes before it (datagrams) stays in place.
        """
        early: list[Seen] = []
        try:
            while True:
                seen = await self.next(patience)
                if seen.what == HEAD and (seen.status >= 200 or seen.status == 101):
                    return seen
                if seen.what == HEAD:
                    self.informational.append(seen)
                else:
                    early.append(seen)
        finally:
            self._seen.extendleft(reversed(early))

    # Sending

    @abstractmethod
    async def send(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send octets on the stream as the changes say that they leave: `half` is `finish`, `reset` is `reset`."""

    async def datagram(self, built: Built) -> bool:  # noqa: ARG002 - for those who can
        """Send the octets as one QUIC datagram; whether it left: there are none but in HTTP/3, nor of any size."""
        return False

    @abstractmethod
    async def finish(self) -> None:
        """End our direction cleanly."""

    @abstractmethod
    async def reset(self, code: int | None = None) -> None:
        """End both directions abortively: with that code, or the version's code for cancelling; TCP has none."""

    async def leave(self, built: Built, how: Leaving) -> None:
        """Do what is said to follow a message."""
        del built
        if how.end == HALF:
            await self.finish()
        elif how.end == RESET:
            await self.reset()
        elif how.end == FULL:
            self.carrier.close()

    # What the connections tell

    def finished(self) -> None:
        """Note the clean end of our direction: with the peer's, all is over, and later endings are not ours."""
        self.halved = True
        self._over()

    def _over(self) -> None:
        if self.halved and self.ended and self.result is None:
            self.clean = True
            self.result = Ended("closed", "both directions have ended")
            self._wake()

    def tell(self, seen: Seen, **value: Any) -> None:
        """Something came."""
        late = seen.what in {DATAGRAM, STOP}  # may come behind the end of the stream
        if (self.result is not None and not (self.clean and late)) or (self.ended and not late):
            return
        self.progress = asyncio.get_running_loop().time()
        if seen.what == HEAD:
            octets, spans = rendered(seen.fields, b"")
            if seen.octets:
                octets, spans = seen.octets, value.pop("spans", ())
            fields = tuple((n, v) for n, v in seen.fields if not n.startswith(b":"))
            self._saw(
                "received", octets=octets, spans=spans, version=self.version, status=seen.status, fields=texts(fields),
                **value,
            )  # fmt: skip
            seen = Seen(HEAD, octets, seen.status, fields)
            self.answered = self.answered or seen.status >= 200 or seen.status == 101
        else:
            more = {"code": seen.code} if seen.code else {}
            self._saw(seen.what, octets=seen.octets, **more, **value)
            self.ended = self.ended or seen.what == END
        self._seen.append(seen)
        self._wake()
        self._over()

    def end(self, what: str, detail: str = "", code: str = "") -> None:
        """All is over, by the peer."""
        if self.result is None:
            self.result = Ended(what, detail)
            more = {"code": code} if code else {}
            self._saw(what, detail=detail, **more)
            self._wake()

    def undecodable(self, why: DecodeError, octets: bytes = b"") -> None:
        """What came breaks HTTP itself."""
        if self.result is None:
            self.result = why
            self._saw("undecodable", octets=octets, detail=str(why))
            self._wake()

    def dropped(self) -> None:
        """We ended it: nothing of the peer's is recorded any more."""
        if self.result is None:
            self.result = Ended("closed", "ended by the suite")
            self._wake()

    def _saw(self, what: str, **value: Any) -> None:
        self.recorder.saw(what, self.name, where=self.where, **value)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)
