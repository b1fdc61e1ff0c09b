"""What a gateway does not do for anybody: other targets, expectations, work without bounds (RFC 9458, 5.1 and 6.3)."""

from __future__ import annotations

from conformance.cases import case, given, put
from conformance.model import ACCEPTED, WRONG, Finding
from conformance.protocols.ohttp.cases.gateway._inside import LATER, holding, inside, named, refusals
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, PLAIN_4XX, Inner, convey
from conformance.protocols.ohttp.messages import line, prefixed

HOSTS = ("localhost", "LOCALHOST.", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "127.0.0.1.nip.example")

REFUSED_TARGET = [ENCAPSULATED_4XX, PLAIN_4XX.per("rfc9458/6.3/gateway-not-open-proxy")]
"""A 5xx would say that the gateway tried."""


@case(convey, "rfc9458/6.3/gateway-not-open-proxy", expect=dict.fromkeys(HOSTS, REFUSED_TARGET))
async def target_by_another_name(bench):
    """The authority is none that the gateway was told to serve, though some lead to our target: no request arrives."""
    port = bench.lab.authority.rpartition(":")[2]
    for host in HOSTS:
        await convey(bench.part(host), inner=Inner(authority=f"{host}:{port}".encode()))


@case(convey, "rfc9458/6.3/gateway-not-open-proxy", expect={"another port": REFUSED_TARGET})
async def another_port_of_the_targets_host(bench):
    """The authority is another port of our target's host, where nobody listens: refused, not tried."""
    host = bench.lab.authority.rpartition(":")[0]
    await convey(bench.part("another port"), inner=Inner(authority=f"{host}:{bench.lab.closed_port}".encode()))


@case(
    convey,
    "rfc9458/6.3/gateway-not-open-proxy",
    expect=refusals("rfc9458/6.3/gateway-not-open-proxy", ACCEPTED),
    also=LATER,
    each=named(b"other.example", b"localhost:1", b""),
)
def host_field_beside_the_authority(value):
    """A field Host names another host than the authority: it does not come into its place at the target."""
    return given(inner=Inner(fields=((b"host", value),)))


@host_field_beside_the_authority.judge
def _(t):
    for part in t.tested:
        arrived = part.last("received", "target", where="target")
        sent = part.sent("request")
        if arrived is not None and sent is not None:
            wanted = sent.fields["content.control.authority.octets"].decode("latin-1")
            right = arrived.value["authority"].lower() == wanted.lower()
            told = f"{part.name}: the target is asked as {arrived.value['authority']!r}"
            yield Finding("as-expected" if right else "violation", told, part=part.name)


@case(
    convey,
    "rfc9458/5.1/100-continue-refused",
    expect=refusals("rfc9458/5.1/100-continue-refused"),
    also=LATER,
    each=named(b"100-continue", b"100-Continue", b"100-CONTINUE"),
)
def expectation_of_100_continue(value):
    """A request that expects 100 (Continue) is answered with an error, and the target is not asked."""
    return given(inner=Inner(fields=((b"expect", value),)))


BOUNDED = [*refusals("rfc9292/8/resource-use-bounded", ACCEPTED), WRONG.per("rfc9292/8/resource-use-bounded")]
"""Any answer will do: what becomes of repeated fields is another case's matter."""


@case(
    convey,
    "rfc9292/8/resource-use-bounded",
    expect=BOUNDED,
    each={
        "10,000 fields": put(inside("headers.fields"), line(b"a", b"").encode() * 10_000),
        "2,000 cookies": put(inside("headers.fields"), line(b"cookie", b"a=b").encode() * 2_000),
        "a value of 30,000 octets": put(inside("headers.fields"), line(b"x-long", b"v" * 30_000).encode()),
    },
    needs=["bulk", "alone"],
)
def very_many_fields(change):
    """Very many fields or cookies, or a very long value, are served or refused in time, and the gateway lives."""
    return change


@case(
    convey,
    "rfc9292/8/resource-use-bounded",
    settings=holding(known=False),
    expect=BOUNDED,
    each={
        "10,000 fields": put(inside("headers.fields"), line(b"a", b"").encode() * 10_000),
        "10,000 chunks": put(inside("content.chunk"), prefixed(b"x").encode() * 10_000),
    },
    needs=["bulk", "alone"],
)
def very_many_parts_of_indeterminate_length(change):
    """Very many fields, or chunks of one octet, are served or refused in time, and the gateway lives."""
    return change
