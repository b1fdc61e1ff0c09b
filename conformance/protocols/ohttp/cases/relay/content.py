"""What a relay carries, in both directions (RFC 9458, Section 5)."""

from conformance.cases import case, given
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases.gateway._early import by_text
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_5XX, Given, relayed

SIZES = (0, 1, 63, 64, 16_383, 16_384, 65_536, 1_048_576)
CARRIED, BACK = "rfc9458/5/relay-request-content-unchanged", "rfc9458/6.2/relay-response-content-unchanged"
MAY_FAIL = "rfc9458/5.2/gateway-4xx-forwarded-or-failed"


@case(relayed, CARRIED, expect=[ACCEPTED], each=SIZES)
def request_of_many_sizes(size):
    """Requests of many sizes reach the gateway octet for octet, with POST, under their media type."""
    return given(content=bytes(n % 251 for n in range(size)), given=Given(content=b"ok"))


@case(relayed, BACK, "rfc9458/5/relay-returns-gateway-response", expect=[ACCEPTED], each=SIZES)
def response_of_many_sizes(size):
    """Responses of many sizes come back octet for octet, under their media type."""
    return given(given=Given(content=bytes(n % 251 for n in range(size))))


@case(relayed, "rfc9458/5/relay-returns-gateway-response", expect=[ACCEPTED], each=(500, 503, 504))
def failure_of_the_gateway(status):
    """The gateway answers with a failure of its own, in the open: the client gets it."""
    return given(given=Given(status=status, type="text/plain", content=b"not now"))


@case(
    relayed,
    MAY_FAIL,
    expect=[ACCEPTED, PLAIN_4XX.per(MAY_FAIL), PLAIN_5XX.per(MAY_FAIL)],
    each=(400, 401, 403, 404, 415, 422, 429),
)
def refusal_of_the_gateway(status):
    """The gateway refuses the request, in the open: the client gets that, or a failure of the relay."""
    return given(given=Given(status=status, type="application/problem+json", content=b'{"title":"no"}'))


@case(
    relayed,
    "rfc9458/4.5/media-type-case-insensitive",
    expect=[ACCEPTED],
    each=by_text(b"Message/OHTTP-Req", b"message/ohttp-req; x=y"),
)
def media_type_in_another_form(kind):
    """The media type in another case, or with a parameter, is the same type: the request is carried."""
    return given(kind=kind.decode())


@case(
    relayed,
    "ietf-ohai-chunked-ohttp/6/any-outer-framing-accepted",
    expect=[ACCEPTED],
    needs=["chunked"],
)
def chunked_form():
    """A request under the media type of the chunked form is carried like any other."""
    return given(kind="message/ohttp-chunked-req")


@case(
    relayed,
    CARRIED,
    BACK,
    expect={f"request {n}": [ACCEPTED] for n in range(4)},
)
async def four_on_one_connection(bench):
    """Four requests follow each other on one connection: each gets its own answer."""
    live = None
    for n in range(4):
        part = bench.part(f"request {n}", given(content=b"content %d" % n))
        live = await relayed(part, live if live is not None and live.open else None)


@case(relayed, CARRIED, BACK, needs=["alone"])
async def eight_at_once(bench):
    """Eight requests at once, on connections of their own: each gets the answer to what it asked."""
    await bench.together(relayed(bench.part(f"request {n}"), content=b"content %d" % n) for n in range(8))


@eight_at_once.judge
def _(t):
    for part in t.starting("request"):
        outcome = relayed.outcome(part)
        seen = "as-expected" if outcome == ACCEPTED else "violation"
        yield Finding(seen, f"{part.name}: {outcome}", part=part.name)
