"""HTTP/3 as a client: every request is a stream with a recorder of its own, and some live on as tunnels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.model import Change
from conformance.net._connection import CONTENT_LIMIT, Answer, Connection, Pending
from conformance.net._leaving import RESET, Barrier, Leaving
from conformance.net._quic import QUIC
from conformance.net._recorder import Recorder
from conformance.net._session3 import CANCELLED, MESSAGE_ERROR, Session3, code_name
from conformance.net._settings3 import HTTP3Settings
from conformance.net._stream import silence
from conformance.net._tunnel3 import Tunnel3
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, lines_of, malformed, malformed_length, part_of, rendered


@dataclass(slots=True)
class _Coming:
    """An answer as far as it has come."""

    pending: Pending
    informational: list[tuple[int, FieldLines]] = field(default_factory=list)
    fields: FieldLines = ()
    content: list[bytes] = field(default_factory=list)
    length: int = 0
    trailers: FieldLines = ()
    code: str = ""


class HTTP3(Connection, Session3):
    """A connection that speaks HTTP/3."""

    version = 3
    stream: QUIC

    def __init__(self, link: QUIC, secret: FieldLines = (), settings: HTTP3Settings | None = None) -> None:
        Connection.__init__(self, link, tuple((n.lower(), v) for n, v in secret))
        self._coming: dict[int, _Coming] = {}
        self._tunnels: dict[int, Tunnel3] = {}
        self._raw: list[Pending] = []
        self._recorder: Recorder | None = None
        self._said = ""
        Session3.__init__(self, link, settings or HTTP3Settings(), client=True)
        link.consumed_by(self)

    # Requests

    async def request(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Pending:
        """Send a request on a new stream, when the server's limit lets it."""
        pending = Pending(self, recorder, name, part_of(built, "method") or b"")
        self._recorder = recorder
        if not await self._slot(pending):
            return pending
        stream_id = pending.stream_id = self.link.quic.get_next_available_stream_id()
        pending.progress = self.link.loop.time()
        self._coming[stream_id] = _Coming(pending)
        how = Leaving.of(built.leaving, len(built.octets))
        lives = await self.send_message(stream_id, lines_of(built), how, more=self.secret, barrier=barrier)
        if not lives and how.end == RESET:
            self._ended(stream_id, "closed", "after our own reset of the stream")
        return pending

    async def tunnel(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Tunnel3:
        """Send a request on a new stream that stays open; its content, if it has one, follows at once."""
        self._recorder = recorder
        until = self.link.loop.time() + self.link.patience
        while not self._over and not self._room() and await self.link.moved(until):
            pass
        stream_id = self.link.quic.get_next_available_stream_id()
        tunnel = Tunnel3(self, recorder, name, stream_id)
        if not self._told_over(tunnel):
            if not self._room():
                tunnel.end("timeout", f"no stream allowed: {silence(self.link.patience, drips=False)}")
                return tunnel
            self._tunnels[stream_id] = tunnel
            how = Leaving.of(built.leaving, len(built.octets))
            await self.send_message(stream_id, lines_of(built), how, more=self.secret, barrier=barrier, end=False)
            self.link.transmit()
        return tunnel

    async def announced(self) -> dict[int, int] | None:
        """The peer's settings, waited for."""
        until = self.link.loop.time() + self.link.patience
        while self.peer_settings is None and not self.link.ended:
            if not await self.link.moved(until):
                return None
        return None if self.peer_settings is None else dict(self.peer_settings)

    def _told_over(self, tunnel: Tunnel3) -> bool:
        if self._over:
            tunnel.end(*self._over)
        elif self.link.closing:
            tunnel.dropped()
        return tunnel.result is not None

    @property
    def _over(self) -> tuple[str, str, str] | None:
        """How it ended, where nothing can be sent any more."""
        if self.link.ended and not self.link.closing:
            return self.link.ended, self.link.detail, self.link.code
        if self.goaway is not None:
            return "closed", self._said, ""
        return None

    def _room(self) -> bool:
        quic = self.link.quic
        return quic.get_next_available_stream_id() // 4 < quic._remote_max_streams_bidi  # noqa: SLF001 - nothing tells

    async def _slot(self, pending: Pending) -> bool:
        until = self.link.loop.time() + self.link.patience
        while not pending.done:
            if over := self._over:
                pending.end(over[0], over[1], **({"code": over[2]} if over[2] else {}))
            elif self.link.closing:
                pending.dropped()
            elif self._room():
                return True
            elif not await self.link.moved(until):
                pending.end("timeout", f"no stream allowed: {silence(self.link.patience, drips=False)}")
        return False

    def expect(self, recorder: Recorder, name: str = "outer", method: bytes = b"GET") -> Pending:
        """The end of the connection: of raw octets, nothing else is known here."""
        pending = Pending(self, recorder, name, method)
        self._recorder = recorder
        if over := self._over:
            pending.end(over[0], over[1], **({"code": over[2]} if over[2] else {}))
        elif self.link.closing:
            pending.dropped()
        else:
            self._raw.append(pending)
        return pending

    async def raw(self, octets: bytes, leaving: Iterable[Change] = (), *, barrier: Barrier | None = None) -> None:
        """Send octets on a new bidirectional stream: frames that need be no request."""
        stream_id = self.open_stream()
        await self.raw_on(stream_id, octets, leaving, barrier=barrier)

    async def raw_on(
        self, stream_id: int, octets: bytes, leaving: Iterable[Change] = (), *, barrier: Barrier | None = None
    ) -> None:
        """Send octets on a stream of ours (`control_id`, one of `open_stream`, or a tunnel's `stream_id`), unframed."""
        how = Leaving.of(leaving, len(octets))
        await self.raw_octets(stream_id, octets, how, barrier=barrier)
        await self.finish_as(stream_id, how.end)
        self.link.transmit()

    async def datagram(self, recorder: Recorder, built: Built, name: str = "outer", *, sized: bool = True) -> bool:
        """Send the octets as one QUIC datagram, whatever stream they name; whether it left.

        One that is not `sized` leaves in a frame without a length (type 0x30).
        """
        how = Leaving.of(built.leaving, len(built.octets))
        if how.delay:
            await asyncio.sleep(how.delay)
        left = self.link.send_datagram(built.octets, sized=sized)
        if not left and not self.link.ended and not self.link.closing:
            recorder.saw("too-large", name, size=len(built.octets), limit=self.link.datagram_limit)
        return left

    def progress_of(self, pending: Pending) -> float:
        """What moved on its stream."""
        return pending.progress if pending.stream_id or not self._raw else self.link.progress

    def abandoned(self, pending: Pending) -> None:
        """Cancel its stream."""
        if self._coming.pop(pending.stream_id, None) is not None:
            self.over(pending.stream_id)
            self.link.reset_stream(pending.stream_id, CANCELLED)

    async def close(self) -> None:
        """End it: H3_NO_ERROR."""
        self.open = False
        for pending in self._pending():
            pending.dropped()
        for tunnel in self._ended_tunnels():
            tunnel.dropped()
        self.link.close()

    def _pending(self) -> list[Pending]:
        found = [c.pending for c in self._coming.values()] + self._raw
        self._coming.clear()
        self._raw.clear()
        return found

    def _ended_tunnels(self) -> list[Tunnel3]:
        found = list(self._tunnels.values())
        self._tunnels.clear()
        return found

    # What comes

    def _moved(self, stream_id: int) -> _Coming | None:
        coming = self._coming.get(stream_id)
        if coming is not None:
            coming.pending.progress = self.link.progress
        return coming

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Take a head or trailers."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_fields(fields)
            return
        coming = self._moved(stream_id)
        if coming is None:
            return
        if coming.fields:
            coming.trailers = fields
        elif self._check(coming, malformed(fields, request=False)):
            status = _status(fields)
            if status < 200:
                coming.informational.append((status, fields[1:]))
            else:
                coming.fields = fields

    def took_data(self, stream_id: int, octets: bytes) -> None:
        """Take content."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_data(octets)
            return
        coming = self._moved(stream_id)
        if coming is not None:
            coming.content.append(octets)
            coming.length += len(octets)
            if coming.length > CONTENT_LIMIT:
                self._check(coming, f"more than {CONTENT_LIMIT} octets of content")

    def took_end(self, stream_id: int) -> None:
        """Take the end of an answer."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_end()
            return
        coming = self._moved(stream_id)
        if coming is None:
            return
        if not coming.fields:
            self._check(coming, "the stream ended before a final answer")
        else:
            self._whole(coming)

    def _whole(self, coming: _Coming) -> None:
        content = b"".join(coming.content)
        empty = coming.pending.method == b"HEAD" or _status(coming.fields) in {204, 304}
        if not empty and not self._check(coming, malformed_length(coming.fields, coming.length)):
            return
        del self._coming[coming.pending.stream_id]
        octets, spans = rendered(coming.fields, content, coming.trailers)
        at = next(s.start for s in spans if s.path == "content")
        answer = Answer(
            3, _status(coming.fields), b"", coming.fields[1:], content, tuple(coming.informational), coming.trailers,
            octets,
        )  # fmt: skip
        coming.pending.answered(answer, spans, at)

    def _check(self, coming: _Coming, wrong: str) -> bool:
        if wrong:
            stream_id = coming.pending.stream_id
            del self._coming[stream_id]
            octets = rendered(coming.fields, b"".join(coming.content)[:CONTENT_LIMIT])[0]
            coming.pending.undecodable(DecodeError("answer", 0, wrong), octets)
            self.over(stream_id)
            self.link.reset_stream(stream_id, MESSAGE_ERROR)
        return not wrong

    def took_reset(self, stream_id: int, code: int) -> None:
        """Take a RESET_STREAM."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_reset(code)
            return
        name = code_name(code)
        self._ended(stream_id, "stream-error", f"RESET_STREAM {name}", name)

    def took_stop(self, stream_id: int, code: int) -> None:
        """Take a STOP_SENDING: with H3_NO_ERROR an answer still comes (RFC 9114, Section 4.1)."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_stop(code)
        else:
            self._moved(stream_id)

    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Give it to its tunnel."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.took_datagram(payload)
        elif self._recorder is not None:
            self._recorder.saw("stray", octets=octets, quarter=stream_id // 4)

    def took_goaway(self, identifier: int) -> None:
        """Streams that the server will not look at are over (RFC 9114, Section 5.2)."""
        self.open = False
        self._said = f"GOAWAY {identifier}"
        for stream_id in [s for s in self._coming if s >= identifier]:
            self._ended(stream_id, "closed", self._said, "GOAWAY")
        for stream_id in [s for s in self._tunnels if s >= identifier]:
            self._tunnels.pop(stream_id).end("closed", self._said, "GOAWAY")
        self.link._wake()  # noqa: SLF001 - those who wait for a stream

    def took_frame(self, stream_id: int, kind: int, octets: bytes) -> None:
        """Note it at a tunnel."""
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.recorder.saw("frame", tunnel.name, where=tunnel.where, octets=octets, type=kind)

    def _ended(self, stream_id: int, what: str, detail: str, code: str = "") -> None:
        coming = self._coming.pop(stream_id, None)
        if coming is not None:
            self.over(stream_id)
            coming.pending.end(what, detail, **({"code": code} if code else {}))

    def broke(self, code: int, reason: str) -> None:
        """End all: what came is no HTTP/3."""
        self.quic_broken(f"{code_name(code)}: {reason}")

    def quic_broken(self, reason: str) -> None:
        """End all: what came is no QUIC, or no HTTP/3."""
        self.open = False
        wrong = DecodeError("connection", 0, reason)
        for pending in self._pending():
            pending.undecodable(wrong)
        for tunnel in self._ended_tunnels():
            tunnel.undecodable(wrong)

    def quic_ended(self, what: str, detail: str, code: str) -> None:
        """Tell those who wait."""
        self.open = False
        for pending in self._pending():
            pending.end(what, detail, **({"code": code} if code else {}))
        for tunnel in self._ended_tunnels():
            tunnel.end(what, detail, code)


def _status(fields: FieldLines) -> int:
    return int(fields[0][1])
