"""Requests for a tunnel in HTTP/1.1 (RFC 9298, Section 3.2; RFC 9110, Section 7.8)."""

from __future__ import annotations

from conformance.cases import case, drop, insert, put
from conformance.model import ACCEPTED
from conformance.protocols.masque.exchanges import (
    MALFORMED,
    REFUSED_4XX,
    REFUSED_5XX,
    REFUSED_OTHER,
    dialled,
    echo,
    knock,
    plain,
)
from conformance.wire.http import field

H1 = {"http": [1]}
ASKED = {"asked": [1]}
OLD, HOST = (
    "masque-http-layer/9110-7.8/http-1-0-upgrade-ignored",
    "masque-http-layer/9112-3.2/missing-or-repeated-host-refused",
)
REFUSED = "rfc9298/3.2/h1-malformed-request-refused"
BAD = "rfc9298/3.2/h1-malformed-request-gets-400"
ANY = [REFUSED_4XX, REFUSED_5XX.per(REFUSED), MALFORMED.per(REFUSED)]


@case(
    knock,
    REFUSED,
    expect=ANY,
    where=ASKED,
    also={BAD: [REFUSED_4XX.at("400")]},
    each={
        "POST": put("connect.method", b"POST"),
        "HEAD": put("connect.method", b"HEAD"),
        "no Host": drop("connect.fields.host"),
        "two Hosts": insert("connect.fields", 1, field(b"Host", b"other.example")),
        "Content-Type": insert("connect.fields", 1, field(b"Content-Type", b"text/plain")),
        "Content-Length": insert("connect.fields", 1, field(b"Content-Length", b"0")),
    },
)
def malformed_upgrade(change):
    """The request for an upgrade is malformed: it is refused, with 400."""
    return change


@case(
    knock, REFUSED, expect=[*ANY, REFUSED_OTHER.per(REFUSED)], where=ASKED,
    each={
        "no Connection": drop("connect.fields.connection"), "no Upgrade": drop("connect.fields.upgrade"),
        "another token": put("connect.fields.upgrade.value", b"websocket"),
    },
)  # fmt: skip
def no_upgrade_asked_for(change):
    """The request asks for no upgrade to connect-udp: it is not switched to one."""
    return change


@case(knock, OLD, expect=[REFUSED_4XX, REFUSED_5XX.per(OLD), REFUSED_OTHER.per(OLD), MALFORMED.per(OLD)], where=ASKED)
def upgrade_in_http_1_0():
    """The request speaks HTTP/1.0, which has no upgrades: it is not switched."""
    return put("connect.version", b"HTTP/1.0")


@case(knock, HOST, expect=[REFUSED_4XX.at("400"), MALFORMED.per(HOST)], where=ASKED, each={
    "none": drop("connect.fields.host"), "two": insert("connect.fields", 1, field(b"Host", b"other.example")),
})  # fmt: skip
def not_one_host(change):
    """The request has no Host, or two: 400."""
    return change


@case(
    echo, "rfc9298/3.2/h1-request-connection-upgrade", where=H1, expect=[ACCEPTED],
    each=("upgrade", "UPGRADE", "keep-alive, Upgrade", "close-not ,  upgrade"),
)  # fmt: skip
def connection_written_otherwise(value):
    """Connection names the upgrade in other ways, all of which are right."""
    return put("connect.fields.connection.value", value.encode())


@case(echo, "masque-http-layer/9112-3.2.2/absolute-form-target-accepted", where=H1, expect=[ACCEPTED])
def absolute_form():
    """The request target is in absolute form, as in the RFC's example."""
    return insert("connect.target.literal0", 0, b"https://localhost")


@case(echo, "rfc9297/3.1/h1-data-stream-after-headers", where=H1, expect={"tunnel": [ACCEPTED]})
async def upgrade_behind_another_request(bench):
    """An ordinary request goes before, on the same connection: then the tunnel works as ever."""
    part = bench.part("before")
    connection = await dialled(part)
    await (await plain(part, connection)).answer()
    if not connection.open:
        bench.absent("the proxy closes the connection behind an ordinary request, which HTTP allows")
    await echo(bench.part("tunnel"), connection)
