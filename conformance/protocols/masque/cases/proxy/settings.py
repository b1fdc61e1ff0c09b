"""What client and proxy say at first (RFC 9297, Section 2.1.1; RFC 9114, Section 7.2.4; RFC 8441, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, given, insert, put, repeat, watch
from conformance.model import ACCEPTED, Finding, Part
from conformance.net import QUICSettings
from conformance.protocols.masque.exchanges import (
    ABORTED,
    ANSWERED,
    CLEAN_END,
    CONNECTION_ERROR,
    DROPPED,
    dialled,
    echo,
    plain,
)
from conformance.wire import Message, Varint

H3 = {"http": [3]}
REFUSED = CONNECTION_ERROR.at("H3_SETTINGS_ERROR")
TWICE = "masque-http-layer/9114-7.2.4/duplicate-setting-ids-forbidden"
LIST = "settings.settings.value"


@case(
    echo, "rfc9297/2.1.1/invalid-h3-datagram-setting-refused", "rfc9297/2.1.1/h3-datagram-setting-maximum-one",
    where=H3, expect=[REFUSED], each=(2, 255, (1 << 62) - 1),
)  # fmt: skip
def h3_datagram_setting_of(value):
    """Our H3_DATAGRAM setting is neither 0 nor 1: the connection is closed with H3_SETTINGS_ERROR."""
    return put(f"{LIST}[1].value", Varint(value))


@case(
    echo, "rfc9297/2.2/capsule-fallback-without-h3-datagrams", "rfc9297/2.1.1/no-datagram-before-settings-exchange",
    where=H3, needs=["capsules"], expect=[ACCEPTED],
    each={"0": put(f"{LIST}[1].value", 0), "not announced": drop(f"{LIST}[1]")},
)  # fmt: skip
def no_datagrams_with_us(change):
    """We announce no H3 datagrams: payloads pass in capsules both ways, and no QUIC datagram comes."""
    return change, given(by="capsules")


@case(
    echo, "masque-http-layer/9114-7.2.4/unknown-settings-ignored", where=H3, expect=[ACCEPTED],
    each={"grease": 0x21 + 0x1F * 5, "draft datagrams": 0x276, "another draft": 0xFFD277, "largest": (1 << 62) - 1},
)  # fmt: skip
def unknown_setting(name):
    """A setting that means nothing to the proxy stands in front of the others."""
    return insert(LIST, 0, Message(id=Varint(name), value=Varint(7)))


@case(
    echo, "masque-http-layer/9114-7.2.4.1/reserved-h2-settings-refused", where=H3, expect=[REFUSED], each=(2, 3, 4, 5)
)
def setting_of_http2(name):
    """A setting that HTTP/2 had and HTTP/3 reserves: H3_SETTINGS_ERROR."""
    return insert(LIST, 0, Message(id=Varint(name), value=Varint(1)))


@case(
    echo, TWICE, where=H3,
    expect=[REFUSED, ACCEPTED.per(TWICE), CONNECTION_ERROR.at("H3_FRAME_ERROR").per(TWICE)],
)  # fmt: skip
def setting_twice():
    """H3_DATAGRAM stands twice among our settings: it may be refused, with H3_SETTINGS_ERROR."""
    return repeat(f"{LIST}[1]", 2)


@case(
    echo, "masque-http-layer/9114-6.2.1/settings-first-on-control-stream", where=H3,
    expect=[CONNECTION_ERROR.at("H3_MISSING_SETTINGS")],
)  # fmt: skip
def goaway_where_settings_belong():
    """The first frame on our control stream is GOAWAY: H3_MISSING_SETTINGS."""
    return put("settings.settings", b"\x07\x01\x00")


def _said(part: Part) -> tuple[int, dict[int, int]] | None:
    seen = part.last("decoded", "settings")
    version = part.variant.get("http", part.variant.get("asked", 0))
    return None if seen is None else (int(version), dict(tuple(p) for p in seen.value["pairs"]))


@watch(
    "masque.proxy",
    "rfc9297/2.1.1/h3-datagram-setting-announces-support",
    "rfc9297/2.1.1/h3-datagram-setting-always-sent",
    "rfc9297/2.1.1/h3-datagram-setting-is-boolean",
    absent="no settings of HTTP/3 were seen",
)
def h3_datagrams_announced(part):
    """The proxy's settings of HTTP/3 hold H3_DATAGRAM = 1, by which it says that it takes datagrams."""
    said = _said(part)
    if said is not None and said[0] == 3:
        value = said[1].get(0x33)
        yield Finding("as-expected" if value == 1 else "violation", f"H3_DATAGRAM is {value}", "", part.name)


@watch(
    "masque.proxy",
    "rfc9298/3.4/enable-connect-protocol-sent",
    "masque-http-layer/9220-3/enable-connect-protocol-id-0x08",
    "masque-http-layer/8441-3/enable-connect-protocol-is-boolean",
    absent="no settings of HTTP/2 or HTTP/3 were seen",
)
def extended_connect_announced(part):
    """The proxy's settings hold ENABLE_CONNECT_PROTOCOL = 1, in HTTP/2 as in HTTP/3."""
    said = _said(part)
    if said is not None:
        value = said[1].get(0x8)
        told = f"ENABLE_CONNECT_PROTOCOL is {value} in HTTP/{said[0]}"
        yield Finding("as-expected" if value == 1 else "violation", told, "", part.name)


FRAME_LIMIT = "masque-http-layer/9221-3/datagram-frame-within-peer-limit"
PARAMETER = "masque-http-layer/9297/setting-without-parameter-no-frames"


@case(
    echo, PARAMETER, "masque-http-layer/9221-3/datagram-needs-transport-parameter", where=H3, needs=["capsules"],
    expect=[REFUSED, ACCEPTED.per(PARAMETER)],
)  # fmt: skip
def datagrams_without_the_transport_parameter():
    """We announce H3_DATAGRAM, but no size of DATAGRAM frames: no frame comes; capsules, or H3_SETTINGS_ERROR."""
    return given(by="capsules", quic=QUICSettings(max_datagram_frame_size=None))


@case(
    echo, FRAME_LIMIT, where=H3, needs=["datagrams"],
    expect=[DROPPED, ACCEPTED.per(FRAME_LIMIT), CLEAN_END.per(FRAME_LIMIT), ABORTED.per(FRAME_LIMIT)],
    also={"rfc9298/6.1/oversize-reply-dropped-with-icmp": [DROPPED]},
)  # fmt: skip
def reply_larger_than_our_frames():
    """We take DATAGRAM frames of 200 octets, and the target sends 500: they are dropped."""
    return given(reply=500, quic=QUICSettings(max_datagram_frame_size=200))


@case(echo, "masque-http-layer/9114-7.2.4.2/no-blocking-on-settings", where=H3, expect={"request": [ANSWERED]})
async def request_before_our_settings(bench):
    """An ordinary request comes before our settings: it is answered, whatever the answer."""
    part = bench.part("request", drop("settings"))
    connection = await dialled(part)
    await (await plain(part, connection)).answer()
