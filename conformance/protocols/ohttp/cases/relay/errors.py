"""What a relay does where there is nothing to carry, or no gateway that answers (RFC 9458, Sections 5 and 6.5)."""

import contextlib
from urllib.parse import urlsplit

from conformance.cases import case, given, put
from conformance.model import ANYWAY, Ended, Finding
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_5XX, Given, relayed

FAILED, OPEN = "rfc9458/5/relay-failure-own-status", "rfc9458/5.2/relay-errors-unprotected"
RETRY = "rfc9458/6.5/relay-no-automatic-retry"
MAY, GETS_4XX = "rfc9458/5/relay-may-refuse-invalid-request", "rfc9458/5.2/invalid-message-gets-4xx"
ONLY = "rfc9458/8.2/only-configured-gateway-reached"
_ENCAPSULATED = ("message/ohttp-res", "message/ohttp-chunked-res")
FAILURES = {
    "closes": given(given=Given("close")),
    "resets": given(given=Given("reset")),
    "answers garbage": given(given=Given("garbage")),
    "is silent": given(given=Given("hang")),
}


@case(relayed, FAILED, expect=[PLAIN_5XX, PLAIN_4XX.per(FAILED)], each=FAILURES, needs=["slow"])
def gateway_fails(change):
    """The gateway takes the request and gives no answer: the relay makes one of its own, in time."""
    return change


@case(relayed, OPEN, each={name: change for name, change in FAILURES.items() if name != "is silent"})
def failure_in_the_open(change):
    """What a relay says by itself it does not call encapsulated."""
    return change


@failure_in_the_open.judge
def _(t):
    for part in t.tested:
        for event in part.all("decoded", "answer"):
            kind = event.value["type"]
            told = f"{part.name}: {event.value['status']} with {kind or 'no type'}"
            yield Finding("violation" if kind in _ENCAPSULATED else "as-expected", told, part=part.name)


@case(
    relayed,
    RETRY,
    each={
        **{name: change for name, change in FAILURES.items() if name != "is silent"},
        "fails": given(given=Given(status=500, type="text/plain", content=b"failed")),
        "is not available": given(given=Given(status=503, type="text/plain", content=b"not now")),
    },
)
def asked_once(change):
    """The gateway took the request and did not serve it: whether it was processed nobody knows, and it is sent once."""
    return change


@asked_once.judge
def _(t):
    for part in t.tested:
        seen = len(part.all("received", "outer", "gateway"))
        told = f"{part.name}: the gateway saw the request {seen} times"
        yield Finding("violation" if seen > 1 else "as-expected", told, part=part.name)


@case(
    relayed,
    MAY,
    GETS_4XX,
    expect=[PLAIN_4XX, ANYWAY.per(MAY)],
    each={
        "GET": given(method=b"GET"),
        "PUT": given(method=b"PUT"),
        "no content": put("outer.content", b""),
        "a page": given(kind="text/html"),
        "Binary HTTP": given(kind="message/bhttp"),
        "a response": given(kind="message/ohttp-res"),
    },
)
def no_request_for_a_gateway(change):
    """A request that is none for a gateway: the relay refuses it with a 4xx, or leaves that to the gateway."""
    return change


_WHERE = {
    "in absolute form": "http://", "its path a URL": "/http://", "its path a host": "/", "behind two slashes": "//",
}  # fmt: skip


@case(relayed, ONLY)
async def another_gateway(bench):
    """The target of the request names another server: the relay does not go there."""
    trap = urlsplit(bench.lab.url).netloc
    for where, front in _WHERE.items():
        part = bench.part(where)
        with contextlib.suppress(Ended):
            await relayed(part, target=f"{front}{trap}/trap/{part.target()}".encode())


@another_gateway.judge
def _(t):
    for part in t.parts:
        for event in part.all("received", "target", "target"):
            yield Finding("violation", f"the relay went to {event.value['target']}", part=part.name)
    yield Finding("as-expected", "nobody came to the other server")
