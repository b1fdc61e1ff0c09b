"""Tunnels of HTTP/3: DATA frames on a stream, and QUIC datagrams beside it."""

from __future__ import annotations

import asyncio

from conformance.net._leaving import Barrier, Leaving
from conformance.net._recorder import Recorder
from conformance.net._session3 import CANCELLED, MESSAGE_ERROR, Session3, code_name
from conformance.net._settings3 import H3_DATAGRAM
from conformance.net._tunnel import DATA, DATAGRAM, END, HEAD, STOP, Seen, Tunnel
from conformance.wire import Built, DecodeError
from conformance.wire.http import FieldLines, malformed


class Tunnel3(Tunnel):
    """A request stream of HTTP/3, from either side. What is sent on it leaves in DATA frames, one for each piece."""

    version = 3

    def __init__(self, session: Session3, recorder: Recorder | None, name: str, stream_id: int) -> None:
        super().__init__(session.link, recorder, name, stream_id)
        self.session = session

    @property
    def has_datagrams(self) -> bool:
        """Whether QUIC datagrams can be sent: the peer announced both the setting and the transport parameter."""
        return bool(dict(self.session.peer_settings or ()).get(H3_DATAGRAM)) and bool(
            self.session.link.peer_max_datagram_frame_size
        )

    async def send(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send octets in DATA frames."""
        how = Leaving.of(built.leaving, len(built.octets))
        if how.delay:
            await asyncio.sleep(how.delay)
        await self.session.send_data(self.stream_id, built.octets, how, barrier=barrier)
        await self.leave(built, how)
        self.session.link.transmit()

    async def send_frames(self, built: Built, *, barrier: Barrier | None = None) -> None:
        """Send octets on the stream as they are: frames that the message itself spells out."""
        how = Leaving.of(built.leaving, len(built.octets))
        await self.session.raw_octets(self.stream_id, built.octets, how, barrier=barrier)
        await self.leave(built, how)

    async def datagram(self, built: Built, *, sized: bool = True) -> bool:
        """Send the octets (quarter stream ID and payload, as they are) as one QUIC datagram, behind what was sent."""
        link = self.session.link
        how = Leaving.of(built.leaving, len(built.octets))
        if how.delay:
            await asyncio.sleep(how.delay)
        left = link.send_datagram(built.octets, sized=sized)
        if not left and not link.ended and not link.closing:
            self.recorder.saw("too-large", self.name, size=len(built.octets), limit=link.datagram_limit)
        return left

    async def finish(self) -> None:
        """Send FIN."""
        self.session.link.write(self.stream_id, b"", end=True)
        self.session.link.transmit()
        self.finished()

    async def reset(self, code: int | None = None) -> None:
        """Send RESET_STREAM and STOP_SENDING (H3_REQUEST_CANCELLED; RFC 9220, Section 3)."""
        self.session.link.reset_stream(self.stream_id, CANCELLED if code is None else code)

    # What comes

    def took_fields(self, fields: FieldLines) -> None:
        """Take a response head, or trailers."""
        if self.answered:
            self._malformed("fields behind the head of a tunnel")
        elif wrong := malformed(fields, request=False):
            self._malformed(wrong)
        else:
            self.tell(Seen(HEAD, b"", int(fields[0][1]), fields))
            if 200 <= int(fields[0][1]) < 300:
                self.session.as_tunnel(self.stream_id)

    def _malformed(self, wrong: str) -> None:
        self.session.over(self.stream_id)
        self.session.link.reset_stream(self.stream_id, MESSAGE_ERROR)
        self.undecodable(DecodeError("answer", 0, wrong))

    def took_data(self, octets: bytes) -> None:
        """Take octets of the stream."""
        self.tell(Seen(DATA, octets))

    def took_end(self) -> None:
        """Take FIN."""
        self.tell(Seen(END))

    def took_reset(self, code: int) -> None:
        """Take RESET_STREAM."""
        self.end("stream-error", f"RESET_STREAM {code_name(code)}", code_name(code))

    def took_stop(self, code: int) -> None:
        """Take STOP_SENDING."""
        self.tell(Seen(STOP, code=code_name(code)))

    def took_datagram(self, payload: bytes) -> None:
        """Take an HTTP datagram."""
        self.tell(Seen(DATAGRAM, payload))
