"""HTTP/2 as a client: every request is a stream with a recorder of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)

from conformance.model import Change, Ended
from conformance.net._connection import CONTENT_LIMIT, Answer, Connection, Pending
from conformance.net._leaving import RESET, Barrier, Leaving
from conformance.net._recorder import Nobody, Recorder
from conformance.net._session2 import CANCEL, Session, code_name, pairs
from conformance.net._stream import Stream, silence
from conformance.net._tunnel2 import Tunnel2
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, lines_of, malformed, malformed_length, part_of, rendered

_NOBODY = Nobody()


@dataclass(slots=True)
class _Coming:
    """An answer as far as it has come."""

    pending: Pending
    informational: list[tuple[int, FieldLines]] = field(default_factory=list)
    fields: FieldLines = ()
    content: list[bytes] = field(default_factory=list)
    length: int = 0
    trailers: FieldLines = ()


class HTTP2(Connection, Session):
    """A connection that speaks HTTP/2."""

    version = 2
    stream: Stream

    def __init__(self, stream: Stream, secret: FieldLines = ()) -> None:
        Connection.__init__(self, stream, tuple((n.lower(), v) for n, v in secret))
        self._coming: dict[int, _Coming] = {}
        self._tunnels: dict[int, Tunnel2] = {}
        self._raw: list[Pending] = []
        self._goaway = ""
        self._code = ""
        stream.consumer = self
        Session.__init__(self, stream, client=True)

    async def request(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Pending:
        """Send a request on a new stream, when the server's limit lets it."""
        pending = Pending(self, recorder, name, part_of(built, "method") or b"")
        if not await self._slot(pending):
            return pending
        pending.stream_id = self.machine.get_next_available_stream_id()
        pending.progress = self.stream.loop.time()
        self._coming[pending.stream_id] = _Coming(pending)
        how = Leaving.of(built.leaving, len(built.octets))
        lives = await self.send_message(pending.stream_id, lines_of(built), how, more=self.secret, barrier=barrier)
        if not lives:
            why = "after our own reset of the stream" if how.end == RESET else "no stream can be opened any more"
            self._ended(pending.stream_id, "closed", why)
        return pending

    async def tunnel(
        self, recorder: Recorder, built: Built, name: str = "outer", *, barrier: Barrier | None = None
    ) -> Tunnel2:
        """Send a request on a new stream that stays open; its content, if it has one, follows at once."""
        pending = Pending(self, _NOBODY, name)
        allowed = await self._slot(pending)
        tunnel = Tunnel2(self, recorder, name, self.machine.get_next_available_stream_id() if allowed else 0)
        if not allowed:
            ended = pending.result
            if isinstance(ended, Ended) and not self.stream.closing:
                tunnel.end(ended.what, ended.detail)
            tunnel.dropped()
            return tunnel
        self._tunnels[tunnel.stream_id] = tunnel
        how = Leaving.of(built.leaving, len(built.octets))
        alone = replace(how, end="")  # what ends our direction ends the stream's, not the connection's
        await self.send_message(tunnel.stream_id, lines_of(built), alone, more=self.secret, barrier=barrier, end=False)
        await tunnel.leave(built, how)
        return tunnel

    async def announced(self) -> dict[int, int] | None:
        """The peer's settings, waited for."""
        until = self.stream.loop.time() + self.stream.patience
        while not self.machine.settled and not self.stream.ended:
            if not await self.stream.moved(until):
                return None
        return {int(name): value for name, value in self.machine.remote_settings.items()}

    async def _slot(self, pending: Pending) -> bool:
        until = self.stream.loop.time() + self.stream.patience
        machine = self.machine
        while not self._over(pending):
            if machine.open_outbound_streams < machine.remote_settings.max_concurrent_streams:
                return True
            if not await self.stream.moved(until):
                pending.end("timeout", f"no stream allowed: {silence(self.stream.patience, drips=False)}")
        return False

    def _over(self, pending: Pending) -> bool:
        """Whether nothing can be sent any more; then the pending answer says so."""
        if self._goaway:
            pending.end("closed", self._goaway)
        elif self.stream.ended:
            pending.end(self.stream.ended, self.stream.detail)
        elif self.stream.closing:
            pending.dropped()
        return pending.done

    def expect(self, recorder: Recorder, name: str = "outer", method: bytes = b"GET") -> Pending:
        """The end of the connection: of raw frames, nothing else is known here."""
        pending = Pending(self, recorder, name, method)
        if not self._over(pending):
            self._raw.append(pending)
        return pending

    async def raw(self, octets: bytes, leaving: Iterable[Change] = (), *, barrier: Barrier | None = None) -> None:
        """Send octets between frames."""
        await self.stream.send(octets, leaving, barrier=barrier)

    def progress_of(self, pending: Pending) -> float:
        """What moved on its stream."""
        return pending.progress if pending.stream_id else self.stream.progress

    def abandoned(self, pending: Pending) -> None:
        """Cancel its stream."""
        if pending.stream_id:
            self._coming.pop(pending.stream_id, None)
            self.reset_stream(pending.stream_id, CANCEL)

    async def close(self) -> None:
        """End it."""
        self.open = False
        for pending in self._pending():
            pending.dropped()
        for tunnel in self._ended_tunnels():
            tunnel.dropped()
        if not self.stream.ended and not self.stream.closing:
            self.machine.close_connection()
            self.flush()
        self.stream.close()

    def _pending(self) -> list[Pending]:
        found = [c.pending for c in self._coming.values()] + self._raw
        self._coming.clear()
        self._raw.clear()
        return found

    def _ended_tunnels(self) -> list[Tunnel2]:
        found = list(self._tunnels.values())
        self._tunnels.clear()
        return found

    # What comes

    def take(self, event: Event) -> None:
        """Take an event of the machine."""
        match event:
            case ConnectionTerminated():
                self._terminated(event)
                return
            case DataReceived():
                self.took(event.flow_controlled_length or 0, event.stream_id or 0)
            case WindowUpdated(stream_id=0):
                for other in self._coming.values():
                    other.pending.progress = self.stream.progress
        stream_id: int = getattr(event, "stream_id", None) or 0
        if (tunnel := self._tunnels.get(stream_id)) is not None:
            tunnel.take(event)
            return
        coming = self._coming.get(stream_id)
        if coming is None:
            return
        coming.pending.progress = self.stream.progress
        match event:
            case ResponseReceived():
                coming.fields = pairs(event.headers)
                self._check(coming, malformed(coming.fields, request=False))
            case InformationalResponseReceived():
                fields = pairs(event.headers)
                if self._check(coming, malformed(fields, request=False)):
                    coming.informational.append((_status(fields), fields[1:]))
            case DataReceived():
                coming.content.append(bytes(event.data or b""))
                coming.length += len(event.data or b"")
                if coming.length > CONTENT_LIMIT:
                    self._check(coming, f"more than {CONTENT_LIMIT} octets of content")
            case TrailersReceived():
                coming.trailers = pairs(event.headers)
            case StreamReset():
                code = code_name(event.error_code or 0)
                self._ended(coming.pending.stream_id, "stream-error", f"RST_STREAM {code}", code)
            case StreamEnded():
                self._whole(coming)

    def _check(self, coming: _Coming, wrong: str) -> bool:
        if wrong:
            del self._coming[coming.pending.stream_id]
            octets = rendered(coming.fields, b"".join(coming.content)[:CONTENT_LIMIT])[0]
            coming.pending.undecodable(DecodeError("answer", 0, wrong), octets)
            self.reset_stream(coming.pending.stream_id, 0x1)
        return not wrong

    def _whole(self, coming: _Coming) -> None:
        content = b"".join(coming.content)
        empty = coming.pending.method == b"HEAD" or _status(coming.fields) in {204, 304}
        if not empty and not self._check(coming, malformed_length(coming.fields, coming.length)):
            return
        del self._coming[coming.pending.stream_id]
        octets, spans = rendered(coming.fields, content, coming.trailers)
        at = next(s.start for s in spans if s.path == "content")
        answer = Answer(
            2, _status(coming.fields), b"", coming.fields[1:], content, tuple(coming.informational), coming.trailers,
            octets,
        )  # fmt: skip
        coming.pending.answered(answer, spans, at)

    def _ended(self, stream_id: int, what: str, detail: str, code: str = "") -> None:
        coming = self._coming.pop(stream_id, None)
        self.forget(stream_id)
        if coming is not None:
            more = {"code": code} if code else {}
            coming.pending.end(what, detail, **more)

    def _terminated(self, event: ConnectionTerminated) -> None:
        """GOAWAY: streams that the server will not look at are over (RFC 9113, Section 6.8)."""
        self.open = False
        code = code_name(event.error_code or 0)
        said = (event.additional_data or b"").decode("latin-1")
        self._code = code
        self._goaway = f"GOAWAY {code}{': ' if said else ''}{said}"
        for stream_id in [s for s in self._coming if s > (event.last_stream_id or 0)]:
            self._ended(stream_id, "closed", self._goaway, code)
        for stream_id in [s for s in self._tunnels if s > (event.last_stream_id or 0)]:
            self._tunnels.pop(stream_id).end("closed", self._goaway, code)
        for pending in self._raw:
            pending.end("closed", self._goaway, code=code)
        self._raw.clear()

    def broken(self, reason: str) -> None:
        """End all: what came is no HTTP/2."""
        self.open = False
        self._goaway = f"ended by us: {reason}"
        for pending in self._pending():
            pending.undecodable(DecodeError("connection", 0, reason))
        for tunnel in self._ended_tunnels():
            tunnel.undecodable(DecodeError("connection", 0, reason))
        self.stream.close()

    def stream_ended(self, what: str, detail: str) -> None:
        """Tell those who wait."""
        self.open = False
        # Having said that it will close, a server may do so over octets of ours that it has not read: a reset of TCP.
        what = "closed" if self._goaway and what == "reset" else what
        detail = "; ".join(d for d in (self._goaway, detail) if d)
        for pending in self._pending():
            pending.end(what, detail)
        for tunnel in self._ended_tunnels():
            tunnel.end(what, detail, self._code)


def _status(fields: FieldLines) -> int:
    return int(fields[0][1])
