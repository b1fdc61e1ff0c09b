"""Several tunnels on one connection, and how each of them ends (RFC 9297, Section 2.1; RFC 9298, Section 3.1)."""

from __future__ import annotations

from conformance.bench import UDPLab
from conformance.cases import case, close, given
from conformance.model import ACCEPTED, CLOSED, TIMEOUT, Finding
from conformance.protocols.masque.exchanges import (
    ABORTED,
    CLEAN_END,
    CONNECTION_ERROR,
    MALFORMED,
    dialled,
    echo,
    far_on,
    send_payload,
    sentinel,
    through,
    unique,
    until_over,
)
from conformance.protocols.masque.messages import udp_payload
from conformance.wire import Message, Varint
from conformance.wire.http import frame

END = "masque-http-layer/9220-3/clean-end-fin-abrupt-reset"
UNREACHABLE = "rfc9298/3.1/port-unreachable-closes-stream"
"""The stream is to be closed, however that looks."""
LATER = {"http": [2, 3]}


@case(
    echo, "rfc9297/2.1/quarter-stream-id-starts-payload", where=LATER,
    expect={"first": [ACCEPTED], "second": [ACCEPTED], "first again": [ACCEPTED], "far on": [ACCEPTED]},
)  # fmt: skip
async def tunnels_side_by_side(bench):
    """Two tunnels and one on a stream far on (its quarter ID has two octets) pass their own payloads, and no others."""
    connection = await dialled(bench.part("connection"))
    first = await echo(bench.part("first"), connection)
    await echo(bench.part("second"), connection)
    await echo(bench.part("first again"), first)
    far_on(connection, 260)
    await echo(bench.part("far on"), connection)


@case(
    echo, "masque-http-layer/9114-4.1.1/correct-cancel-and-reject-codes", where=LATER,
    expect={"other": [ACCEPTED], "after": [ACCEPTED]},
)  # fmt: skip
async def tunnel_reset_by_us(bench):
    """We reset a tunnel: its socket is closed, so that the target's packets go nowhere, and others live on."""
    part = bench.part("reset")
    connection = await dialled(part)
    doomed = await through(part, connection)
    await sentinel(part, doomed)
    other = await echo(bench.part("other"), connection)
    await doomed.tunnel.reset()
    for _ in range(20):
        doomed.target.send(unique(part), doomed.target.endpoint.received[-1].source)
    await echo(bench.part("after"), other)


@case(
    echo, "masque-http-layer/9220-3/clean-end-fin-abrupt-reset", "masque-http-layer/9113-5.1/end-stream-is-half-close",
    where=LATER,
    expect={"ended": [CLEAN_END, ABORTED.at("H3_REQUEST_CANCELLED").per(END), ABORTED.at("CANCEL").per(END),
                      TIMEOUT.per(END)]},
)  # fmt: skip
async def tunnel_ended_by_us(bench):
    """We end our side of a tunnel cleanly: the proxy ends its own, or goes on with what the target sends."""
    part = bench.part("ended")
    connection = await dialled(part)
    live = await through(part, connection)
    await live.tunnel.finish()
    await until_over(part, live)


@case(
    echo, UNREACHABLE,
    expect={"tunnel": [CLEAN_END, *(end.per(UNREACHABLE) for end in (ABORTED, MALFORMED, CLOSED))]},
)  # fmt: skip
async def target_that_is_not_there(bench):
    """Nobody listens at the target's port, which ICMP tells: the tunnel is of no use and ends."""
    part = bench.part("tunnel")
    lab = UDPLab.of(part)
    assert lab is not None, "the exchange needs a target"
    live = await through(part, await dialled(part), port=lab.closed())
    for _ in range(3):
        await send_payload(part, live.tunnel, live.by, "datagram", udp_payload(unique(part)))
        if not live.tunnel.open or await live.tunnel.quiet(0.05) is not None:
            break
    await until_over(part, live)


@case(echo, "rfc9298/3.1/socket-open-while-stream-open", expect={"first": [ACCEPTED], "second": [ACCEPTED]})
async def one_socket_for_a_tunnel(bench):
    """All payloads of a tunnel come from one port, also after the target said something by itself."""
    live = await echo(bench.part("first", given(reply=10)))
    await echo(bench.part("second"), live)


@one_socket_for_a_tunnel.judge
def _(transcript):
    sources = {tuple(e.value["source"]) for p in transcript.tested for e in p.all("udp", where="target")}
    told = f"the target saw {len(sources)} source{'s' if len(sources) != 1 else ''}"
    yield Finding("as-expected" if len(sources) <= 1 else "violation", told)


@case(
    echo, "masque-http-layer/9114-4.4/h3-connect-only-data-frames", where={"http": [3]}, expect=[ACCEPTED],
)  # fmt: skip
def unknown_frame_on_the_stream():
    """A frame of a reserved type stands between the DATA frames of a tunnel: it is ignored."""
    return given(frames=Message(frame=frame(0x21 + 0x1F * 3, b"grease")))


@case(
    echo, "masque-http-layer/9114-4.4/h3-connect-only-data-frames", where={"http": [3]},
    expect=[CONNECTION_ERROR.at("H3_FRAME_UNEXPECTED")],
    each={"SETTINGS": frame(0x4, b""), "GOAWAY": frame(0x7, b"\0"), "MAX_PUSH_ID": frame(0xD, b"\0")},
)  # fmt: skip
def control_frame_on_the_stream(wrong):
    """A frame of control streams stands on a tunnel's stream: H3_FRAME_UNEXPECTED."""
    return given(frames=Message(frame=wrong))


@case(
    echo, "masque-http-layer/9114-7.1/h3-frame-length-exact", where={"http": [3]},
    expect=[CONNECTION_ERROR.at("H3_FRAME_ERROR")],
)  # fmt: skip
def stream_ends_inside_a_frame():
    """Our side of a tunnel's stream ends in the middle of a DATA frame: H3_FRAME_ERROR."""
    cut = Message(type=Varint(0), length=Varint(10), value=b"abc")
    return given(frames=Message(frame=cut)), close("frames")


@case(
    echo, "masque-http-layer/9114-8.1/unknown-error-codes-tolerated", where=LATER,
    expect={"other": [ACCEPTED], "after": [ACCEPTED]},
)  # fmt: skip
async def tunnel_reset_with_an_unknown_code(bench):
    """We reset a tunnel with a code that nobody knows: others live on."""
    part = bench.part("reset")
    connection = await dialled(part)
    doomed = await through(part, connection)
    await sentinel(part, doomed)
    other = await echo(bench.part("other"), connection)
    await doomed.tunnel.reset(0xDEADBEEF)
    await echo(bench.part("after"), other)
