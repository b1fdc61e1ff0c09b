"""Several requests: on one connection, after errors, and at once (RFC 9576, Section 3.5)."""

from conformance.cases import case, flip, put
from conformance.model import ACCEPTED, Finding
from conformance.protocols.privacypass.cases.issuer._kit import FIRST
from conformance.protocols.privacypass.exchanges import connected, issue

SAFE = "rfc9576/3.5/concurrent-issuance-safe"
GONE = "the issuer closes its connections after each answer, which HTTP allows"
ERRORS = {
    "another type": put("request.token_type", 0x7777),
    "nothing": put("request", b""),
    "another media type": put("outer.fields.content-type.value", b"text/plain"),
    "no element": flip("request.blinded_msg", 0, 0x40),
}


@case(issue, SAFE, expect={"first": [ACCEPTED], "second": [ACCEPTED], "third": [ACCEPTED]})
async def requests_in_a_row(bench):
    """Three requests on one connection, one after the other, are each answered for themselves."""
    connection = None
    for name in ("first", "second", "third"):
        if connection is not None and not connection.open:
            bench.absent(GONE)
        connection = await issue(bench.part(name), connection)


@case(issue, SAFE, expect={"after": [ACCEPTED]})
async def request_after_errors(bench):
    """A request on a connection that saw refusals is answered as if nothing had been."""
    connection = None
    for name, change in ERRORS.items():
        connection = await issue(bench.part(f"error: {name}", change), connection)
        if not connection.open:
            bench.absent("the issuer closes a connection after an error, which HTTP allows")
    await issue(bench.part("after"), connection)


@case(issue, SAFE, where=FIRST)
async def sixteen_at_once(bench):
    """Sixteen requests on connections of their own, of both types where both are issued, leave together."""
    steps = [(bench.part(f"at once {n}"), 1 + n % 2) for n in range(16)]
    connections = [await connected(part) for part, _ in steps]
    for connection in connections:
        connection.stream.patience = 10 * bench.patience  # a slow issuer does them one after the other
    await bench.together(
        issue(part, connection, token_type=kind) for (part, kind), connection in zip(steps, connections, strict=True)
    )


@sixteen_at_once.judge
def _(transcript):
    parts = transcript.starting("at once")
    wrong = [f"{p.name}: {issue.outcome(p)}" for p in parts if issue.outcome(p) != ACCEPTED]
    told = "; ".join(wrong) or f"all {len(parts)} got a response that holds"
    yield Finding("violation" if wrong else "as-expected", told)
    answers = [e.octets for p in parts for e in p.all("decoded", "response") if e.value["status"] == 200]
    if len(set(answers)) < len(answers):
        yield Finding("violation", "two requests got the same response")
