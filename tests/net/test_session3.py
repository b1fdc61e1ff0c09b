"""HTTP/3 below the connections: whatever octets come, they are taken or the connection ends with a code."""

import asyncio

import pytest
from aioquic.quic.events import DatagramFrameReceived, StopSendingReceived, StreamDataReceived, StreamReset
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.net import HTTP3Settings
from conformance.net._http3 import HTTP3
from conformance.net._server import Server
from conformance.net._server3 import ServerHTTP3
from conformance.net._session3 import CODES, Session3
from conformance.wire.http import control_stream, frame


class Link:
    """A connection that only remembers."""

    tls = True
    peer = ("", 0)
    ended = detail = code = ""
    patience = 1.0
    progress = 0.0
    peer_max_datagram_frame_size = 65535
    datagram_limit = 1400

    def __init__(self):
        self.closing = False
        self.closed = None
        self.resets = []
        self.written = []
        self.next = {False: 0, True: 2}
        self.quic = self

    def get_next_available_stream_id(self, *, is_unidirectional):
        return self.next[is_unidirectional]

    def write(self, stream_id, octets, *, end=False):
        self.next[bool(stream_id & 2)] = stream_id + 4
        self.written.append((stream_id, octets, end))
        return True

    def transmit(self):
        pass

    def close(self, code=0x100, reason=""):
        self.closing = True
        self.closed = code

    def reset_stream(self, stream_id, code, *, stop=True):
        self.resets.append((stream_id, code))

    def consumed_by(self, consumer):
        pass


def client():
    return HTTP3(Link(), (), HTTP3Settings(pairs=((1, 4096), (0x33, 1))))


def server():
    async def handler(_):
        pass

    taking = Server(handler, (3,), None, 1.0, handler)
    taking.handle = taking.handle_tunnel = lambda _: None
    return ServerHTTP3(taking, Link(), HTTP3Settings(pairs=((1, 4096), (0x33, 1))))


FRAMES = st.builds(
    lambda kind, value: frame(kind, value).encode(),
    st.sampled_from([0, 1, 2, 3, 4, 5, 7, 0xD, 0x21, 0x41]),
    st.binary(max_size=12) | st.just(bytes.fromhex("0000d1d7c1")) | st.just(bytes.fromhex("0000d9")),
)
CONTROL = control_stream([(8, 1)]).encode()
OCTETS = st.binary(max_size=20) | st.lists(FRAMES, max_size=4).map(b"".join) | st.just(CONTROL)
EVENTS = st.one_of(
    st.builds(StreamDataReceived, data=OCTETS, end_stream=st.booleans(), stream_id=st.integers(0, 15)),
    st.builds(StreamReset, error_code=st.integers(0, 1 << 62), stream_id=st.integers(0, 15)),
    st.builds(StopSendingReceived, error_code=st.integers(0, 1 << 62), stream_id=st.integers(0, 15)),
    st.builds(DatagramFrameReceived, data=st.binary(max_size=12)),
)


@pytest.mark.parametrize("make", [client, server])
def test_whatever_comes_is_taken_or_ends_the_connection(make):
    @settings(max_examples=400, deadline=None)
    @given(st.lists(EVENTS, max_size=8))
    def run(events):
        async def feed():
            session = make()
            for event in events:
                session.quic_event(event)
            return session.link.closed

        assert asyncio.run(feed()) in {None, *CODES}

    run()


def fed(*octets, stream_id=0, end=False):
    session = Session3(Link(), HTTP3Settings(), client=False)
    for data in octets:
        session.quic_event(StreamDataReceived(data=data, end_stream=end, stream_id=stream_id))
    return session.link.closed


@pytest.mark.parametrize(
    ("octets", "stream_id", "end", "code"),
    [
        ("0100", 0, False, 0x200),  # an empty field section is none
        ("0005", 0, False, 0x105),
        ("2100", 0, True, None),
        ("0105", 0, True, 0x106),
        ("00 0400", 2, False, None),
        ("00 0400", 2, True, 0x104),
        ("00 0400 0400", 2, False, 0x105),
        ("00 0400 0000", 2, False, 0x105),
        ("00 0400 070104", 2, False, None),
        ("00 0400 07020404", 2, False, 0x106),
        ("00 0400 2105aabbccddee", 2, False, None),
        ("00 0700", 2, False, 0x10A),
        ("00 040108", 2, False, 0x106),
        ("00 0402 0400", 2, False, 0x109),
        ("40", 2, False, None),  # half of a stream's type
        ("4054 ffff", 2, True, None),  # a stream of no known type
        ("00", 1, False, 0x103),
    ],
)
def test_frames_and_streams_have_their_codes(octets, stream_id, end, code):
    whole = bytes.fromhex(octets)
    assert fed(whole, stream_id=stream_id, end=end) == code
    if not end:
        assert fed(*(whole[at : at + 1] for at in range(len(whole))), stream_id=stream_id) == code


def test_field_sections_have_a_limit():
    assert fed(bytes.fromhex("01") + bytes.fromhex("80020000") + bytes(0x20000)) == 0x107


def test_a_critical_stream_is_not_reset():
    session = Session3(Link(), HTTP3Settings(), client=False)
    session.quic_event(StreamDataReceived(data=b"\0\4\0", end_stream=False, stream_id=2))
    session.quic_event(StreamReset(error_code=0, stream_id=2))
    assert session.link.closed == 0x104


def test_nobody_stops_our_control_stream():
    session = Session3(Link(), HTTP3Settings(), client=True)
    session.quic_event(StopSendingReceived(error_code=0, stream_id=session.control_id))
    assert session.link.closed == 0x104


def test_a_side_may_have_no_control_stream():
    session = Session3(Link(), HTTP3Settings(control=b""), client=True)
    assert session.control_id is None
    assert session.link.written == []
