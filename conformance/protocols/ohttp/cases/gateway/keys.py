"""Key configurations as a gateway publishes them (RFC 9458, Sections 3, 6.4 and 7; RFC 9540, Sections 5 and 6)."""

from collections.abc import Iterator

from conformance.cases import case, given, insert, one_value, put, watch
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.ohttp.cases.gateway._early import by_text
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, fetch_keys
from conformance.protocols.ohttp.messages import KEYS_TYPE, KeyEntry, decode_key_entry, decode_keys
from conformance.wire import DecodeError
from conformance.wire.http import field

PREFIXED, LAYOUT = "rfc9458/3.2/collection-entries-length-prefixed", "rfc9458/3.1/key-config-layout-exact"
TYPED, VALID = "rfc9458/3.2/collection-media-type-exact", "rfc9540/6/key-reply-typed-and-valid"
NEW_IDS, REGISTERED = "rfc9458/6.4/key-rotation-uses-new-ids", "rfc9458/9/registered-media-types-used"
TRACKING = "rfc9458/7/key-config-tracking-prevented"
WELL_KNOWN, REDIRECT = "rfc9540/5/well-known-gateway-served", "rfc9540/5/gateway-redirect-allowed"
GET = "rfc9540/6/get-request-allowed"
NO_KEYS = "no keys were served"


def _replies(part: Part) -> Iterator[Event]:
    """What was served as key configurations, where a gateway says that they are."""
    if not any(change.path == "target" for change in part.changes):
        yield from (e for e in part.all("decoded", "keys") if e.value["status"] == 200)


def _entries(octets: bytes) -> tuple[KeyEntry, ...]:
    try:
        return decode_keys(octets)
    except DecodeError:
        return ()


def _right(reply: Event | None) -> bool:
    return reply is not None and reply.value["type"] == KEYS_TYPE and bool(_entries(reply.octets))


# What a gateway serves


@watch("ohttp.gateway", LAYOUT, PREFIXED, VALID, absent=NO_KEYS)
def collection_can_be_read(part):
    """Keys are one or more entries of the exact layout, each with its length in front, and nothing else."""
    for reply in _replies(part):
        try:
            entries = decode_keys(reply.octets)
        except DecodeError as why:
            told, requirement = f"the key configurations cannot be read: {why}", LAYOUT
            if _alone(reply.octets):
                told, requirement = "a single entry stands there without its length in front", PREFIXED
            yield Finding("violation", told, requirement)
            yield Finding("violation", told, VALID)
        else:
            yield Finding("as-expected", f"{len(entries)} key configurations")


def _alone(octets: bytes) -> bool:
    try:
        return bool(decode_key_entry(octets).algorithms)
    except DecodeError:
        return False


@watch("ohttp.gateway", TYPED, REGISTERED, VALID, absent=NO_KEYS)
def collection_is_called_what_it_is(part):
    """Keys are labelled as such; how long they may be kept is recorded."""
    for reply in _replies(part):
        kind, measure = reply.value["type"], {"cache-control": reply.value["kept"]}
        right = kind == KEYS_TYPE
        yield Finding("as-expected" if right else "violation", f"keys are called {kind or 'nothing'}", measure=measure)


@watch("ohttp.gateway", NEW_IDS, absent="no keys that can be read were served")
def identifier_names_one_key(part):
    """No two entries of a collection have one identifier, which would leave open which key a request is for."""
    for reply in _replies(part):
        ids = [entry.key_id for entry in _entries(reply.octets)]
        if not ids:
            continue
        twice = sorted({n for n in ids if ids.count(n) > 1})
        told = f"of {len(ids)} entries several have the identifiers {twice}" if twice else f"{len(ids)} identifiers"
        yield Finding("violation" if twice else "as-expected", told)


# How it is asked


@case(fetch_keys, GET, expect=[ACCEPTED], each=by_text(
    b"*/*", b"application/*", b"Application/OHTTP-Keys", b"application/ohttp-keys;q=0.5, */*;q=0.1",
    b"text/html, application/ohttp-keys",
))  # fmt: skip
def accept_in_another_form(accept):
    """The client accepts keys, and says so in another way than by their media type alone."""
    return put("outer.fields.accept.value", accept)


@case(fetch_keys, VALID, expect=[ACCEPTED, PLAIN_4XX.per(GET)])
def without_accept():
    """The client does not say what it accepts: it gets the keys, or is told that it must."""
    return given(accept=False)


@case(fetch_keys, WELL_KNOWN, REDIRECT, where={"http": "first"})
async def at_the_well_known_place(bench):
    """Where clients look that have only the name of a target, there are keys, a redirect to them, or nothing at all."""
    await fetch_keys(bench.part("own"))
    await fetch_keys(bench.part("well-known", put("outer.target", b"/.well-known/ohttp-gateway")))


@at_the_well_known_place.judge
def _(transcript):
    for own, part in zip(transcript.named("own"), transcript.named("well-known"), strict=True):
        reply = part.last("decoded", "keys")
        if reply is not None:
            status = reply.value["status"]
            told = f"well-known: status {status}"
            if status == 200 and not _right(reply) and _right(own.last("decoded", "keys")):
                yield Finding("violation", f"{told} with something else than keys", WELL_KNOWN)
            elif 300 <= status < 400:
                away = bool(reply.value["location"])
                yield Finding("as-expected" if away else "violation", f"{told} without Location" * (not away), REDIRECT)
            elif status >= 500:
                yield Finding("violation", told, WELL_KNOWN)
            elif status >= 400:
                yield Finding("tolerated", f"{told}: the gateway is not one that is discovered", WELL_KNOWN)
            else:
                yield Finding("as-expected", told, WELL_KNOWN)


# Whether everybody gets the same


@case(fetch_keys, TRACKING, where={"http": "first"})
async def same_keys_every_time(bench):
    """Twenty fetches, each on a connection of its own, give one key list."""
    for n in range(20):
        await fetch_keys(bench.part(f"fetch {n}"))


@case(fetch_keys, TRACKING, where={"http": "first"})
async def same_keys_for_every_client(bench):
    """Clients that say different things of themselves get one key list."""
    clients = {
        "browser": (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
        "language": (b"accept-language", b"fi-FI, fi;q=0.9"),
        "cookie": (b"cookie", b"id=4711"),
        "forwarded": (b"x-forwarded-for", b"203.0.113.7"),
        "known": (b"if-none-match", b'"4711"'),
    }
    for name, line in clients.items():
        await fetch_keys(bench.part(f"{name} 1", insert("outer.fields", -1, field(*line))))
        await fetch_keys(bench.part(f"{name} 2"))


@case(fetch_keys, TRACKING, needs=["vantages"], where={"http": "first"})
async def same_keys_from_everywhere(bench):
    """Forty fetches from each vantage point, as strangers to each other, give one key list."""
    for vantage in bench.vantages:
        for n in range(40):
            await fetch_keys(bench.part(f"{vantage} {n}", via=vantage))


@same_keys_every_time.judge
def _(transcript):
    yield one_value(transcript, "keys", by="place")


@same_keys_for_every_client.judge
def _(transcript):
    yield one_value(transcript, "keys", by="client")


@same_keys_from_everywhere.judge
def _(transcript):
    yield one_value(transcript, "keys", by="vantage")
