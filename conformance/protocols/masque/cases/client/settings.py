"""What the proxy says at first, and what the client makes of it (RFC 9297, Section 2.1.1; RFC 8441, Section 3)."""

from __future__ import annotations

from conformance.cases import case, drop, insert, put, watch
from conformance.model import ACCEPTED, Finding
from conformance.protocols.masque.exchanges import CLIENT_ERROR, client_echo
from conformance.wire import Message, Varint

H3 = {"http": [3]}
LIST = "settings.settings.value"


@case(
    client_echo, "rfc9297/2.1.1/invalid-h3-datagram-setting-refused", where=H3, expect=[CLIENT_ERROR],
    each=(2, (1 << 62) - 1),
)  # fmt: skip
def h3_datagram_setting_of(value):
    """The proxy's H3_DATAGRAM setting is neither 0 nor 1: the connection is closed."""
    return put(f"{LIST}[1].value", Varint(value))


@case(
    client_echo,
    "rfc9297/2.2/capsule-fallback-without-h3-datagrams",
    "rfc9297/2.1.1/no-datagram-before-settings-exchange",
    where=H3,
    expect=[ACCEPTED, CLIENT_ERROR.per("rfc9297/2.2/capsule-fallback-without-h3-datagrams")],
    each={"0": put(f"{LIST}[1].value", 0), "not announced": drop(f"{LIST}[1]")},
)
def proxy_without_datagrams(change):
    """The proxy announces no H3 datagrams: payloads go in capsules, or the client wants none of it; no QUIC
    datagram comes.
    """
    return change


@proxy_without_datagrams.judge
def _(transcript):
    for part in transcript.tested:
        came = part.all("datagram", where="proxy")
        told = f"{part.name}: {len(came)} QUIC datagrams came"
        yield Finding(
            "violation" if came else "as-expected",
            told,
            "rfc9297/2.1.1/no-datagram-before-settings-exchange",
            part.name,
        )


@case(client_echo, "masque-http-layer/8441-3/extended-connect-only-after-setting", where=H3, expect=[CLIENT_ERROR])
def proxy_without_extended_connect():
    """The proxy does not announce extended CONNECT: the client does not ask for it, and tells its application."""
    return drop(f"{LIST}[0]")


@proxy_without_extended_connect.judge
def _(transcript):
    for part in transcript.tested:
        asked = part.all("decoded", "request", where="proxy")
        yield Finding(
            "violation" if asked else "as-expected", f"{part.name}: {len(asked)} requests came", "", part.name
        )


@case(client_echo, "masque-http-layer/9114-7.2.4/unknown-settings-ignored", where=H3, expect=[ACCEPTED])
def unknown_setting():
    """A setting that means nothing to the client stands in front of the others."""
    return insert(LIST, 0, Message(id=Varint(0x21 + 0x1F * 5), value=Varint(7)))


@case(
    client_echo, "masque-http-layer/9114-7.2.4.1/reserved-h2-settings-refused", where=H3, expect=[CLIENT_ERROR],
    each=(2, 3, 4, 5),
)  # fmt: skip
def setting_of_http2(name):
    """A setting that HTTP/2 had and HTTP/3 reserves: the connection is closed."""
    return insert(LIST, 0, Message(id=Varint(name), value=Varint(1)))


@case(
    client_echo, "masque-http-layer/9114-6.2.1/settings-first-on-control-stream", where=H3, expect=[CLIENT_ERROR],
)  # fmt: skip
def goaway_where_settings_belong():
    """The first frame on the proxy's control stream is GOAWAY: the connection is closed."""
    return put("settings.settings", b"\x07\x01\x00")


@watch(
    "masque.client",
    "rfc9297/2.1.1/h3-datagram-setting-announces-support",
    "rfc9297/2.1.1/h3-datagram-setting-is-boolean",
    absent="no settings of HTTP/3 were seen",
)
def h3_datagrams_announced(part):
    """The client's settings of HTTP/3 hold H3_DATAGRAM = 1, by which it says that it takes datagrams."""
    for event in part.all("decoded", "request", where="proxy"):
        said = event.value["settings"]
        if said is not None:
            value = dict(map(tuple, said)).get(0x33)
            yield Finding("as-expected" if value == 1 else "violation", f"H3_DATAGRAM is {value}", "", part.name)
