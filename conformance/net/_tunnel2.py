"""Tunnels of HTTP/2: DATA frames on a stream."""

from __future__ import annotations

import asyncio

from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from conformance.net._leaving import Barrier, Leaving
from conformance.net._recorder import Recorder
from conformance.net._session2 import CANCEL, Session, code_name, pairs
from conformance.net._tunnel import DATA, END, HEAD, Seen, Tunnel
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, malformed

PROTOCOL_ERROR = 0x1


class Tunnel2(Tunnel):
    """A request stream of HTTP/2, from either side. What is sent on it leaves in DATA frames, one for each piece."""

    version = 2

    def __init__(self, session: Session, recorder: Recorder | None, name: str, stream_id: int) -> None:
        super().__init__(session.stream, recorder, name, stream_id)
        self.session = session

    async def send(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send octets in DATA frames."""
        how = Leaving.of(built.leaving, len(built.octets))
        if how.delay:
            await asyncio.sleep(how.delay)
        await self.session.send_more(self.stream_id, built.octets, how, barrier=barrier)
        await self.leave(built, how)

    async def finish(self) -> None:
        """Send END_STREAM."""
        await self.session.send_more(self.stream_id, b"", Leaving(), end=True)
        self.finished()

    async def reset(self, code: int | None = None) -> None:
        """Send RST_STREAM (CANCEL)."""
        await self.session.stream.arrived()
        self.session.reset_stream(self.stream_id, CANCEL if code is None else code)

    # What comes

    def take(self, event: Event) -> None:
        """Take an event of its stream."""
        match event:
            case ResponseReceived() | InformationalResponseReceived():
                self.took_fields(pairs(event.headers))
            case TrailersReceived():
                self.malformed("fields behind the head of a tunnel")
            case DataReceived():
                if event.data:
                    self.tell(Seen(DATA, bytes(event.data)))
            case StreamEnded():
                self.tell(Seen(END))
            case StreamReset():
                code = code_name(event.error_code or 0)
                self.session.forget(self.stream_id)
                self.end("stream-error", f"RST_STREAM {code}", code)

    def took_fields(self, fields: FieldLines) -> None:
        """Take a response head."""
        if wrong := malformed(fields, request=False):
            self.malformed(wrong)
        else:
            self.tell(Seen(HEAD, b"", int(fields[0][1]), fields))

    def malformed(self, wrong: str) -> None:
        """End the stream: what came on it is malformed (RFC 9113, Section 8.1.1)."""
        self.session.reset_stream(self.stream_id, PROTOCOL_ERROR)
        self.undecodable(DecodeError("answer", 0, wrong))
