"""QUIC datagrams that carry HTTP datagrams, in HTTP/3 (RFC 9297, Section 2.1; RFC 9298, Section 5)."""

from __future__ import annotations

from conformance.cases import case, given, put
from conformance.model import ACCEPTED, Finding
from conformance.protocols.masque.exchanges import (
    ABORTED,
    CONNECTION_ERROR,
    DROPPED,
    acknowledged,
    datagram_to,
    dialled,
    echo,
    send_payload,
    sentinel,
    through,
    unique,
)
from conformance.protocols.masque.messages import udp_payload
from conformance.wire.http import request

H3 = {"http": [3]}
NEEDS = ["datagrams"]
AWHILE = 0.2
"""Seconds for a proxy to see that we ended our side; less, where it ends its own."""
BEFORE = "rfc9298/5/datagram-before-request-tolerated"
BAD = CONNECTION_ERROR.at("H3_DATAGRAM_ERROR")


@case(echo, "rfc9297/2.1/quarter-stream-id-overflow-refused", expect=[BAD], where=H3, needs=NEEDS)
def quarter_of_no_stream():
    """The quarter stream ID is 2^60, a quarter of no stream ID: a connection error."""
    return put("datagram.quarter", 1 << 60)


@case(
    echo, "rfc9297/2.1/truncated-quarter-stream-id-refused", expect=[BAD], where=H3, needs=NEEDS,
    each={"empty": b"", "40": b"\x40", "80 00": b"\x80\0", "seven of eight": b"\xc0\0\0\0\0\0\0"},
)  # fmt: skip
def quarter_cut_short(frame):
    """A DATAGRAM frame is too short for its quarter stream ID: a connection error."""
    return put("datagram", frame)


@case(
    echo, "rfc9297/2.1/datagram-beyond-stream-limit-refused", where=H3, needs=NEEDS,
    expect=[CONNECTION_ERROR.at("H3_ID_ERROR"), ACCEPTED.per("rfc9297/2.1/datagram-beyond-stream-limit-refused")],
)  # fmt: skip
def quarter_beyond_the_stream_limit():
    """The quarter stream ID is 2^60 - 1, of a stream that cannot be: H3_ID_ERROR, unless the limit is not known."""
    return put("datagram.quarter", (1 << 60) - 1)


@case(echo, "rfc9297/2.1/datagram-before-stream-tolerated", expect=[ACCEPTED], where=H3, needs=NEEDS, each=(1, 2, 3))
def datagram_for_a_stream_to_come(further):
    """A datagram is for a request stream that is not there yet: it is dropped or kept, and nothing else happens."""
    return put("datagram.quarter", further)


@case(
    echo, BEFORE, where=H3, needs=NEEDS, expect=[ACCEPTED, DROPPED.per(BEFORE)],
    also={"rfc9298/5/optimistic-udp-allowed-h2-h3": [ACCEPTED, DROPPED.per(BEFORE)]},
    each=["behind the request", "in its packet", "ahead of it"],
)  # fmt: skip
def datagram_before_the_200(position):
    """A datagram that the proxy gets before it can have answered is kept or dropped; the tunnel lives."""
    return given(optimistic=position)


@case(
    echo, "rfc9298/5/optimistic-udp-allowed-h2-h3", where={"http": [2]},
    expect=[ACCEPTED, DROPPED.per("rfc9298/5/optimistic-udp-allowed-h2-h3")],
)  # fmt: skip
def capsule_before_the_200():
    """A DATAGRAM capsule leaves right behind the request, before the answer: it arrives, or is dropped."""
    return given(optimistic="behind the request")


@case(
    echo,
    "rfc9297/2/unexpected-datagram-aborts-request",
    "rfc9297/2/h3-abort-uses-datagram-error",
    where=H3,
    needs=NEEDS,
    expect={"request": [ABORTED.at("H3_DATAGRAM_ERROR")], "tunnel beside it": [ACCEPTED]},
)
async def datagram_for_a_request_without_any(bench):
    """A datagram is for an unfinished GET: that request is aborted with H3_DATAGRAM_ERROR, tunnels beside it live."""
    part = bench.part("request")
    connection = await dialled(part)
    asked = request(b"POST", b"/", b"localhost", [(b"content-length", b"100")], b"", version=3, scheme=b"https")
    tunnel = await connection.tunnel(part, part.point("plain", asked), "plain")
    await acknowledged(tunnel)
    await datagram_to(part, connection, tunnel.quarter)
    await echo(bench.part("tunnel beside it"), connection)
    if tunnel.answered:
        bench.absent("the proxy answers such a request before a datagram can come for it")
    if tunnel.result is None:
        seen = await tunnel.quiet(part.patience / 4)
        while seen is not None and tunnel.result is None:
            seen = await tunnel.quiet(part.patience / 4)


@case(echo, "rfc9297/2.1/datagram-after-receive-close-dropped", where=H3, needs=NEEDS, expect={"other": [ACCEPTED]})
async def datagram_behind_our_end(bench):
    """After the end of our side of a stream a datagram comes for it: it does not arrive, and another tunnel lives."""
    part = bench.part("ended")
    connection = await dialled(part)
    live = await through(part, connection)
    await sentinel(part, live)
    await live.tunnel.finish()
    await acknowledged(live.tunnel)
    await live.tunnel.quiet(AWHILE)
    await send_payload(part, live.tunnel, live.by, "datagram", udp_payload(unique(part)))
    await echo(bench.part("other"), connection)


@datagram_behind_our_end.judge
def _(transcript):
    ended = next(iter(transcript.named("ended")), None)
    if ended is None:
        return
    sent = [e.octets for e in ended.all("sent", "datagram")]
    late = [e for e in ended.all("udp", where="target") if any(e.octets and e.octets in s for s in sent)]
    told = "what came behind the end of the stream reached the target" if late else "it did not reach the target"
    yield Finding("violation" if late else "as-expected", told, "", "ended")
