"""What of a client does not cross a relay (RFC 9458, Section 6.2)."""

from collections.abc import Iterator

from conformance.cases import canary, case, given, insert, leaks, watch
from conformance.model import Event, Finding, Part
from conformance.protocols.ohttp.exchanges import Given, answered_fields, relayed
from conformance.protocols.ohttp.messages import IDENTIFYING_FIELDS
from conformance.wire.http import field

ROLE, NOTHING = "ohttp.relay", "nothing reached our gateway"
RULES, ADDS = "rfc9458/6.2/relay-applies-forwarding-rules", "rfc9458/5/relay-adds-nothing-undeclared"
CLIENT_FIELDS = frozenset({
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-client-ip",
    "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "x-cluster-client-ip", "x-request-id",
    "x-correlation-id", "traceparent", "x-amzn-trace-id", "cookie", "from",
})  # fmt: skip
"""Fields by which intermediaries tell who asks."""
PLAIN = frozenset({
    "host", "content-type", "content-length", "transfer-encoding", "accept", "accept-encoding", "accept-language",
    "user-agent", "connection", "te", "via", "date", "incremental", "cache-control", "pragma",
})  # fmt: skip
"""Fields that every message of HTTP may have, and that say nothing of a client unless their value does."""


def _marks(part: Part, requirement: str = "") -> Iterator[Finding]:
    for finding in leaks(part, to="gateway"):
        seen = "violation" if finding.observation == "leak" else "as-expected"
        yield Finding(seen, f"{part.name}: {finding.because}", requirement, part.name)


@case(relayed, "rfc9458/6.2/unknown-fields-not-forwarded", each=[name.decode() for name in IDENTIFYING_FIELDS])
def client_field_stays_at_the_relay(name):
    """A field on the client's request, one of those that identify or that nobody knows, does not reach the gateway."""
    return insert("outer.fields", 0, field(name, canary(name)))


@client_field_stays_at_the_relay.judge
def _(t):
    for part in t.tested:
        yield from _marks(part)


@case(
    relayed,
    RULES,
    where={"http": [1]},
    each={
        "one that Connection names": (("Connection", b"x-private"), ("X-Private", canary("x-private"))),
        "Keep-Alive": (("Keep-Alive", b"timeout=5, x=" + canary("keep-alive")),),
        "Proxy-Authorization": (("Proxy-Authorization", b"Basic " + canary("proxy")),),
        "Proxy-Connection": (("Proxy-Connection", canary("proxy-connection")),),
        "Upgrade": (("Connection", b"upgrade"), ("Upgrade", canary("upgrade"))),
    },
)
def fields_of_the_connection_stay(lines):
    """Fields that concern the connection between client and relay do not reach the gateway."""
    return tuple(insert("outer.fields", 0, field(*line)) for line in reversed(lines))


@fields_of_the_connection_stay.judge
def _(t):
    for part in t.tested:
        yield from _marks(part)


@case(relayed, RULES, settings={"given": Given(fields=((b"Connection", b"x-private"), (b"X-Private", b"1")))})
def fields_of_the_gateways_connection_stay():
    """Fields that concern the connection between relay and gateway do not come back to the client."""
    return given(given=Given(fields=((b"Connection", b"x-private, keep-alive"), (b"X-Private", b"2"))))


@fields_of_the_gateways_connection_stay.judge
def _(t):
    for part in t.tested:
        crossed = "x-private" in answered_fields(part)
        yield Finding("violation" if crossed else "as-expected", "it came back" if crossed else "it did not come back")


def _came(part: Part) -> list[Event]:
    return part.all("received", "outer", "gateway")


@watch(ROLE, ADDS, absent=NOTHING)
def nothing_is_added(part):
    """Around the content, the gateway gets nothing that the client does not know of."""
    sent = part.sent("outer")
    own = sent.event.octets.lower() if sent else b""
    for event in _came(part):
        names = {name.lower() for name, _ in event.value["fields"]} - PLAIN
        added = sorted(name for name in names if name.encode("latin-1") + b": " not in own)
        yield Finding("violation" if added else "as-expected", f"added: {', '.join(added) or 'nothing'}")


@watch(
    ROLE, "rfc9458/6.2/relay-adds-no-client-identity", "rfc9458/6.2.1/no-stable-client-identifier-added", absent=NOTHING
)
def no_client_at_the_gateway(part):
    """Whatever is sent through a relay: no field at the gateway tells the client's address or anything of it."""
    sent = part.sent("outer")
    own = sent.event.octets.lower() if sent else b""
    for event in _came(part):
        found = sorted(
            name for name, value in event.value["fields"]
            if name.lower() != "host"
            and name.lower().encode("latin-1") + b": " not in own
            and (name.lower() in CLIENT_FIELDS or "127.0.0.1" in value)
        )  # fmt: skip
        yield Finding(
            "leak" if found else "as-expected", f"fields that tell of the client: {', '.join(found) or 'none'}"
        )
