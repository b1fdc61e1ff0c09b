"""What a client sends around the request inside, whatever it is asked for: looked at in every case (RFC 9458)."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from conformance.cases import case, given, watch
from conformance.model import ACCEPTED, CRASH, Event, Finding, Part
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, by_itself, client_fetch
from conformance.protocols.ohttp.messages import REQUEST_TYPE, lawful_request
from conformance.wire.http import HOP_BY_HOP, media_type

ROLE, ONE = "ohttp.client", {"suite": "first"}
NOTHING = "no request reached our gateway"
FAIL_FIELDS = ("cookie", "authorization", "referer", "origin", "x-forwarded-for", "forwarded", "from", "via")
"""Fields that tell who asks, or what for."""


def posts(part: Part) -> list[Event]:
    """The requests as the client sent them: to our relay, or to our gateway where there is none."""
    return part.all("received", "outer", "relay") or part.all("received", "outer", "gateway")


def lines(event: Event) -> list[tuple[str, str]]:
    """The fields of such a request, names in lower case."""
    return [(name.lower(), value) for name, value in event.value["fields"]]


@case(
    by_itself(client_fetch, CLIENT_ERROR, CRASH),
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.1/request-layout-exact",
    "rfc9458/5/content-only-encapsulated-request",
    "rfc9458/4.4/response-kdf-unlabelled",
    "rfc9458/4.4/response-aad-empty",
    "rfc9458/5/whole-request-encapsulated",
    "rfc9458/5/whole-response-delivered",
    expect=[ACCEPTED],
)
def ordinary_fetch():
    """One resource is asked for, and nothing is out of the ordinary: the request opens, and the answer comes out."""
    return ()


@watch(ROLE, "rfc9458/5/client-posts-to-relay", absent=NOTHING)
def posted(part):
    """Encapsulated requests are sent with POST, to the URL that the client was told."""
    asked = part.last("asked", "ohttp.client.fetch")
    for event in posts(part):
        method, target = event.value["method"], event.value["target"]
        right = method == "POST" and asked is not None and target == urlsplit(asked.value["url"]).path
        yield Finding("as-expected" if right else "violation", f"{method} {target}")


@watch(ROLE, "rfc9458/4.5/request-media-type-exact", "rfc9458/9/registered-media-types-used", absent=NOTHING)
def request_is_called_what_it_is(part):
    """The media type of an encapsulated request is message/ohttp-req; those in chunks are for other cases."""
    read = part.all("decoded", "request", "gateway")
    for event in (came for came, form in zip(posts(part), read, strict=False) if not form.value["chunked"]):
        kind = media_type(tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in event.value["fields"]))
        told = f"the request is called {kind or 'nothing'}"
        yield Finding("as-expected" if kind == REQUEST_TYPE else "violation", told)


@watch(ROLE, "rfc9458/6.1/no-identifying-outer-data", absent=NOTHING)
def nobody_is_named_outside(part):
    """No field around the encapsulated request says who asks, or for what."""
    for event in posts(part):
        found = sorted({n for n, _ in lines(event) if n in FAIL_FIELDS})
        yield Finding("violation" if found else "as-expected", f"fields that identify: {', '.join(found) or 'none'}")


@watch(ROLE, "rfc9458/6.1/fresh-hpke-context-per-request")
def no_encapsulated_key_twice(part):
    """No two requests of a part have the same encapsulated key."""
    keys = [e.value["enc"] for e in part.all("decoded", "request", "gateway") if e.value["opened"]]
    if len(set(keys)) < len(keys):
        yield Finding("violation", f"{len(keys)} requests have {len(set(keys))} encapsulated keys")


@watch(ROLE, "rfc9458/6.5.1/inner-date-sent", absent=NOTHING)
def dated(part):
    """The request inside says when it was made, so that a gateway can tell replays."""
    for event in part.all("decoded", "request", "gateway"):
        inner = lawful_request(event.octets) if event.value["opened"] else None
        if inner is not None:
            dates = [v for n, v in inner.fields if n.lower() == b"date"]
            yield Finding("as-expected" if len(dates) == 1 and _date(dates[0]) else "violation", f"dates: {dates}")


def _date(value: bytes) -> datetime | None:
    try:
        return parsedate_to_datetime(value.decode("latin-1"))
    except ValueError:
        return None


@watch(ROLE, "rfc9292/6/http1-details-not-carried", "rfc9292/3.6/connection-fields-removed", absent=NOTHING)
def no_connection_fields_inside(part):
    """Fields that concern a connection are not inside."""
    for event in part.all("decoded", "request", "gateway"):
        inner = lawful_request(event.octets) if event.value["opened"] else None
        if inner is not None:
            names = {n.lower() for n, _ in inner.fields}
            found = sorted(names & HOP_BY_HOP)
            told = b", ".join(found).decode() or "none"
            yield Finding("violation" if found else "as-expected", f"connection fields inside: {told}")


@watch(ROLE, "rfc9292/4/invalid-message-not-processed", absent=NOTHING)
def request_inside_is_lawful(part):
    """Whatever was asked for, what is sealed is Binary HTTP that our strict decoder reads."""
    for event in part.all("decoded", "request", "gateway"):
        if event.value["opened"]:
            lawful = lawful_request(event.octets) is not None
            yield Finding("as-expected" if lawful else "violation", "lawful" if lawful else "no lawful request inside")


OUTSIDE = {
    "fields": ((b"cookie", b"inner=1"), (b"authorization", b"Bearer inner"), (b"user-agent", b"inner/1")),
    "path": b"/another/resource",
    "method": b"PUT",
}


@case(
    client_fetch,
    "rfc9458/5/extra-fields-independent-of-inner",
    where=ONE,
)
async def fields_outside(bench):
    """Two requests that differ inside, in method, path and fields: outside they have the same fields."""
    await client_fetch(bench.part("one"))
    await client_fetch(bench.part("another", given(**OUTSIDE)))


@fields_outside.judge
def _(t):
    seen = []
    for part in t.parts:
        if part.name in {"one", "another"} and posts(part):
            own = {"content-length", "host"}
            seen.append(sorted((n, v) for n, v in lines(posts(part)[-1]) if n not in own))
    if len(seen) == 2:
        same = seen[0] == seen[1]
        yield Finding("as-expected" if same else "violation", "the same outside" if same else f"outside: {seen}")


@case(
    client_fetch,
    "rfc9458/6.1/fresh-hpke-context-per-request",
    expect={f"request {n}": [ACCEPTED] for n in range(8)},
    where=ONE,
)
async def eight_requests(bench):
    """Eight requests for the same resource: each has an encapsulated key of its own."""
    for n in range(8):
        await client_fetch(bench.part(f"request {n}"))


@eight_requests.judge
def _(t):
    keys = [
        event.value["enc"]
        for part in t.starting("request")
        for event in part.all("decoded", "request", "gateway")
        if event.value["opened"]
    ]
    fresh = len(set(keys)) == len(keys)
    yield Finding("as-expected" if fresh else "violation", f"{len(keys)} requests, {len(set(keys))} encapsulated keys")
