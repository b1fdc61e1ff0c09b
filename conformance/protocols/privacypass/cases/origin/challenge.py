"""What an origin asks for (RFC 9577, Sections 2.1, 4 and 6.2.1; RFC 9110, Sections 11 and 15.5.2)."""

from collections.abc import Iterator

from conformance.cases import case, insert, put, watch
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.privacypass.exchanges import knock
from conformance.protocols.privacypass.messages import (
    RESERVED_TYPES,
    TYPES,
    Auth,
    decode_challenge,
    parse_auth,
    public_key,
    unbase64,
)
from conformance.wire import DecodeError
from conformance.wire.http import field

ORIGIN = "privacypass.origin"
WANTED, CARRIED = "rfc9577/2.1/missing-token-challenged", "rfc9577/general/401-carries-www-authenticate"
TYPE = "rfc9577/2.1.1/challenge-starts-with-token-type"
ISSUER, CONTEXT = "rfc9577/2.1.1/issuer-name-non-empty-ascii", "rfc9577/2.1.1/redemption-context-0-or-32"
INFO, INCLUDES = "rfc9577/2.1.1/origin-info-bare-comma-list", "rfc9577/2.1.1/origin-info-includes-challenger"
NAMES, USER = "rfc9577/2.1.1.1/names-host-with-optional-port", "rfc9577/2.1.1.1/userinfo-in-names-refused"
FRESH = "rfc9577/2.1.1.2/per-request-context-fresh"
PADDED, QUOTED = "rfc9577/2.1.2/challenge-base64url-padded", "rfc9577/2.1.2/padded-value-quoted"
REQUIRED, KEY = "rfc9577/2.1.2/challenge-parameter-required", "rfc9577/2.1.2/token-key-base64url-padded"
PER_TYPE, AGE = "rfc9577/2.1.2/token-key-encoding-per-type", "rfc9577/2.1.2/max-age-in-seconds"
FEW, ONCE = "rfc9577/4/challenge-count-kept-small", "rfc9577/general/parameter-names-case-insensitive"
NONE = "the origin asked for no token"
MOST = 5


def _told(right: bool, told: str, requirement: str = "") -> Finding:
    return Finding("as-expected" if right else "violation", told, requirement)


def _asked(part: Part) -> Iterator[Event]:
    """The answers that ask for something."""
    yield from (e for e in part.all("decoded", "challenge") if e.value["offered"])


def _lines(event: Event) -> list[bytes]:
    return [value.encode("latin-1") for _, value in event.value["lines"]]


def _offers(part: Part) -> Iterator[tuple[Event, Auth]]:
    """What is asked for by this scheme, where it can be read."""
    for event in _asked(part):
        for line in _lines(event):
            try:
                yield from ((event, each) for each in parse_auth(line) if each.private)
            except DecodeError:
                continue


def _challenges(part: Part) -> Iterator[tuple[Event, bytes]]:
    """The octets of challenges, padding aside."""
    for event, offer in _offers(part):
        text = next((p.value for p in offer.params if p.name.lower() == b"challenge"), b"")
        try:
            yield event, unbase64(text, "challenge", padded=False)
        except DecodeError:
            continue


@watch(ORIGIN, CARRIED, absent="the origin answered nothing with 401")
def unauthorized_says_what_is_wanted(part):
    """Each answer of status 401 says in WWW-Authenticate what is wanted."""
    for event in part.all("decoded", "challenge"):
        if event.value["status"] == 401:
            yield _told(event.value["offered"], "with a challenge" if event.value["offered"] else "without a challenge")


@watch(ORIGIN, WANTED, QUOTED, absent=NONE)
def challenges_can_be_read(part):
    """What is asked for is a list of challenges by the grammar of HTTP, with quotes around what has padding."""
    for event in _asked(part):
        for line in _lines(event):
            try:
                found = parse_auth(line)
            except DecodeError as why:
                bare = b"==" in line.replace(b'="', b"") or b"=," in line or line.endswith(b"=")
                yield _told(False, f"{line[:60]!r}: {why}", QUOTED if bare else WANTED)
            else:
                yield _told(True, f"{len(found)} challenges in a line", WANTED)
                yield _told(True, f"{len(found)} challenges in a line", QUOTED)


@watch(ORIGIN, REQUIRED, PADDED, KEY, AGE, ONCE, absent="the origin asked for no token that can be read")
def parameters_are_as_they_must_be(part):
    """A challenge has its parameters once each: challenge and key in Base 64 with padding, the age in seconds."""
    for _, offer in _offers(part):
        names = [p.name.lower() for p in offer.params]
        yield _told(len(set(names)) == len(names), f"{len(names)} parameters", ONCE)
        yield _told(b"challenge" in names, "with a challenge" if b"challenge" in names else "without", REQUIRED)
        for p in offer.params:
            requirement = {b"challenge": PADDED, b"token-key": KEY}.get(p.name.lower())
            if requirement is not None:
                try:
                    unbase64(p.value, p.name.decode())
                except DecodeError as why:
                    yield _told(False, str(why), requirement)
                else:
                    yield _told(True, f"{len(p.value)} letters", requirement)
            elif p.name.lower() == b"max-age":
                yield _told(p.value.isdigit(), f"max-age is {p.value.decode('latin-1')}", AGE)


@watch(ORIGIN, TYPE, ISSUER, CONTEXT, INFO, NAMES, USER, absent=NONE)
def challenge_is_as_it_must_be(part):
    """A challenge is a type, an issuer, a context of 0 or 32 octets and a list of names, and nothing else."""
    for _, octets in _challenges(part):
        kind = int.from_bytes(octets[:2], "big")
        if kind in RESERVED_TYPES or kind not in TYPES:
            yield _told(True, f"type {kind:#06x}, of which no more is known", TYPE)
            continue
        try:
            found = decode_challenge(octets)
        except DecodeError as why:
            yield _told(False, str(why), _broken(why, octets))
        else:
            yield _told(True, f"type {kind}, {found.issuer.decode()}, {len(found.origins)} names")


def _broken(why: DecodeError, octets: bytes) -> str:
    """Which requirement a challenge breaks that cannot be read."""
    part = why.path.rpartition(".")[2]
    if "0x40" in why.reason and b"@" in octets:
        return USER
    if "port" in why.reason or "literal" in why.reason:
        return NAMES
    return {"issuer_name": ISSUER, "redemption_context": CONTEXT, "origin_info": INFO}.get(part, TYPE)


@watch(ORIGIN, INCLUDES, absent="the origin names no origins")
def challenger_is_among_the_names(part):
    """Where a challenge is for certain origins, the one that gives it is among them."""
    for event, octets in _challenges(part):
        try:
            names = [name.lower() for name in decode_challenge(octets).origins]
        except DecodeError:
            continue
        own = event.value["authority"].lower().encode()
        if names:
            host, _, port = own.rpartition(b":")
            ways = {own, own + b":443", *({host} if port in {b"443", b"80"} else ())}
            yield _told(bool(ways & set(names)), f"{own.decode()} among {b', '.join(names).decode('latin-1')}")


@watch(ORIGIN, PER_TYPE, "rfc9578/6.5/rsa-key-id-hashes-spki", "rfc9578/5.5/voprf-key-id-hashes-compressed",
       absent="the origin names no key")  # fmt: skip
def keys_are_those_of_their_types(part):
    """The key beside a challenge is one of the challenge's type, in that type's encoding."""
    for _, offer in _offers(part):
        values = {p.name.lower(): p.value for p in offer.params}
        try:
            kind = int.from_bytes(unbase64(values[b"challenge"], "challenge", padded=False)[:2], "big")
            key = unbase64(values[b"token-key"], "token-key", padded=False)
        except (KeyError, DecodeError):
            continue
        if kind in TYPES:
            try:
                public_key(kind, key)
            except DecodeError as why:
                yield _told(False, f"the key of type {kind}: {why}", PER_TYPE)
            else:
                yield _told(True, f"a key of type {kind}")


@watch(ORIGIN, FEW, absent=NONE)
def few_challenges_at_a_time(part):
    """An answer has no more challenges than a client is willing to look at."""
    for event in _asked(part):
        count = sum(1 for e, _ in _offers(part) if e is event)
        yield _told(count <= MOST, f"{count} challenges")


@case(knock, WANTED, expect=[ACCEPTED], each={
    "GET": (), "with a query": put("outer.target", b"/protected?x=y"),
    "with cookies": insert("outer.fields", -1, field(b"cookie", b"a=b")),
})  # fmt: skip
def request_without_a_token(change):
    """Nothing is offered for what is protected: the origin says what it wants."""
    return change


@case(knock, FRESH, "rfc9577/5.1/random-values-from-csprng", where={"http": "first"})
async def ten_challenges(bench):
    """Ten requests without a token: contexts that are for one request are all different, and not the same for ever."""
    for n in range(10):
        await knock(bench.part(f"knock {n}"))


@ten_challenges.judge
def _(transcript):
    seen: dict[int, list[bytes]] = {}
    for part in transcript.starting("knock"):
        for _, octets in _challenges(part):
            try:
                found = decode_challenge(octets)
            except DecodeError:
                continue
            seen.setdefault(found.token_type, []).append(found.context)
    for kind, contexts in seen.items():
        different, filled = len(set(contexts)), any(contexts)
        told = f"type {kind}: {different} contexts in {len(contexts)} challenges"
        poor = [c for c in contexts if c and len(set(c)) < 8]
        yield _told(not poor, f"{told}, {len(poor)} of them of a few octets", "rfc9577/5.1/random-values-from-csprng")
        if filled:
            yield _told(different > 1, told, FRESH)
