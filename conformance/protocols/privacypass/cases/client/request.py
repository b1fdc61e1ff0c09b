"""What clients send to an issuer, and where (RFC 9578, Sections 4, 5.1 and 6.1; RFC 9576, Section 3.5.2)."""

from collections.abc import Iterator
from typing import Any

from conformance.cases import case, given, insert, watch
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.privacypass.exchanges import at, obtain
from conformance.protocols.privacypass.messages import REQUEST_TYPE, RESPONSE_TYPE, decode_request
from conformance.protocols.privacypass.peers import ISSUER, private_key
from conformance.wire import DecodeError, Message
from conformance.wire.http import FieldLines, combined, media_type

CLIENT = "privacypass.client"
LAYOUT = {1: "rfc9578/5.1/voprf-request-layout-exact", 2: "rfc9578/6.1/rsa-request-layout-exact"}
TRUNCATED = {1: "rfc9578/5.1/voprf-truncated-id-last-octet", 2: "rfc9578/6.1/rsa-truncated-id-last-octet"}
TYPED = {1: "rfc9578/5.1/voprf-request-media-type-exact", 2: "rfc9578/6.1/rsa-request-media-type-exact"}
COMPRESSED, ACCEPT = "rfc9578/5.1/blinded-element-compressed", "rfc9578/5.1/accept-field-sent"
PADDED = "rfc9474/4.2/blinded-msg-left-padded"
RELATIVE, UNKNOWN = "rfc9578/4/relative-request-uri-resolved", "rfc9578/4/unknown-directory-entries-tolerated"
MINIMAL, HIDDEN = "rfc9576/3.5.2/identifying-data-minimised", "rfc9576/3.5/challenge-and-nonce-hidden"
FRESH, BLIND = "rfc9577/2.1.4/token-nonce-never-reused", "rfc9497/3.3.2/blind-scalar-fresh-nonzero"
NONE = "the client sent no token request"


@case(obtain, RELATIVE, expect=[ACCEPTED], each={
    "a path": at("/token-request"),
    "a whole URL": at("{origin}/token-request"),
    "beside the directory": at("token-request", b"/.well-known/token-request"),
    "up and down": at("../issue/./token-request", b"/issue/token-request"),
    "with a query": at("/token-request?tenant=1"),
})  # fmt: skip
def reference_in_the_directory(issuer):
    """Where requests go is written in one of the forms that a reference can have (RFC 3986, Section 4)."""
    return given(issuer=issuer)


def _member(name: bytes, value: bytes) -> Message:
    return Message(quote=b'"', name=name, unquote=b'":', value=value, end=b"\n")


@case(obtain, UNKNOWN, expect=[ACCEPTED], each={
    "a member": insert("directory.member", 0, _member(b"x-nobody-knows", b'{"a": [1, 2]}')),
    "a key of another type": insert("directory.member.token-keys.value.entry", 0, Message(
        text=b'{"token-type": 65535, "token-key": "AAAA", "not-before": 1}', end=b"\n")),
    "a member of a key": insert("directory.member.token-keys.value.entry[0].member", 0, _member(b"x-more", b"null")),
})  # fmt: skip
def directory_with_something_unknown(change):
    """The directory has something that this client cannot know: it finds the rest."""
    return change


@case(obtain, FRESH, BLIND, HIDDEN, "rfc9578/5.1/nonce-32-random-octets", "rfc9577/5.1/random-values-from-csprng")
async def four_tokens(bench):
    """Four tokens for one challenge: each has another nonce, and each request something else in it."""
    for n in range(4):
        await obtain(bench.part(f"token {n}", given(context=0)))


@four_tokens.judge
def _(transcript):
    parts = [p for p in transcript.starting("token ") if obtain.outcome(p) == ACCEPTED]
    nonces = {p.last("decoded", "token").octets[2:34] for p in parts}
    every = [_content(event)[3:] for p in transcript.starting("token ") for event in _requests(p)]
    sent = set(every)
    for requirement in (FRESH, "rfc9578/5.1/nonce-32-random-octets"):
        yield _told(len(nonces) == len(parts), f"{len(parts)} tokens have {len(nonces)} nonces", requirement)
    poor = [nonce for nonce in nonces if len(set(nonce)) < 8]
    told = f"{len(poor)} of {len(nonces)} nonces are of a few octets"
    yield _told(not poor, told, "rfc9577/5.1/random-values-from-csprng")
    for requirement in (BLIND, HIDDEN):
        yield _told(len(sent) == len(every), f"{len(every)} requests have {len(sent)} blinded messages", requirement)


def _told(right: bool, told: str, requirement: str = "") -> Finding:
    return Finding("as-expected" if right else "violation", told, requirement)


def _requests(part: Part) -> Iterator[Event]:
    """The token requests that reached our issuer."""
    yield from (e for e in part.all("received", "privacypass.issuer", where=ISSUER) if e.value["method"] != "GET")


def _content(event: Event) -> bytes:
    return next((event.octets[s.start : s.end] for s in event.spans if s.path == "content"), b"")


def _fields(event: Event) -> FieldLines:
    return tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in event.value["fields"])


@watch(CLIENT, *LAYOUT.values(), *TRUNCATED.values(), COMPRESSED, PADDED, absent=NONE)
def request_is_as_it_must_be(part):
    """A token request is type, last octet of the key id, and what is blinded: a compressed point, or 256 octets."""
    kind: Any = part.variant.get("type", 1)
    if any("token_key" in dict(c.args) for c in part.changes if c.op == "given"):
        return  # the key is none
    for event in _requests(part):
        octets = _content(event)
        try:
            request = decode_request(octets)
        except DecodeError as why:
            yield _told(False, f"{len(octets)} octets: {why}", LAYOUT[kind])
            if kind == 2 and octets[:2] == b"\0\2" and len(octets) < 259:
                yield _told(False, f"{len(octets)} octets", PADDED)
            if kind == 1 and octets[3:4] not in {b"\2", b"\3"}:
                yield _told(False, f"the element begins with {octets[3:4].hex()}", COMPRESSED)
            continue
        yield _told(request.token_type == kind, f"{len(octets)} octets of type {request.token_type}", LAYOUT[kind])
        right = private_key(kind).public.truncated
        yield _told(request.truncated == right, f"{request.truncated:#04x} names the key", TRUNCATED[kind])
        if kind == 1:
            compressed = request.blinded[0] in {2, 3}
            yield _told(compressed, f"the element begins with {request.blinded[0]:#04x}", COMPRESSED)
        else:
            yield _told(len(request.blinded) == 256, f"{len(request.blinded)} octets", PADDED)


@watch(CLIENT, *TYPED.values(), ACCEPT, "rfc9578/8.1/registered-names-used", absent=NONE)
def request_is_called_what_it_is(part):
    """A token request is posted under its media type, by a client that says what it takes."""
    kind: Any = part.variant.get("type", 1)
    for event in _requests(part):
        fields = _fields(event)
        right = event.value["method"] == "POST" and media_type(fields) == REQUEST_TYPE
        told = f"{event.value['method']}, called {media_type(fields) or 'nothing'}"
        yield _told(right, told, TYPED[kind])
        yield _told(right, told, "rfc9578/8.1/registered-names-used")
        accept = (combined(fields, b"accept") or b"").decode("latin-1")
        yield _told(RESPONSE_TYPE in accept.lower(), f"accept: {accept or 'nothing'}", ACCEPT)


IDENTIFYING = (b"cookie", b"authorization", b"origin", b"referer", b"from", b"x-forwarded-for", b"forwarded")


@watch(CLIENT, MINIMAL, HIDDEN, absent=NONE)
def request_tells_nothing_of_the_client(part):
    """With a token request come no fields that tell who asks, or for what."""
    challenge = None if any(c.point == "challenge" for c in part.changes) else part.sent("challenge")
    for event in _requests(part):
        found = sorted(n.decode() for n, _ in _fields(event) if n.lower() in IDENTIFYING)
        yield _told(not found, f"with {', '.join(found)}" if found else "without fields that identify", MINIMAL)
        shown = event.octets.lower()
        names = [challenge.fields["origin_info"].lower(), challenge.event.octets[-24:].lower()] if challenge else []
        told = any(name and name in shown for name in names) or "origin.example" in event.value["target"]
        yield _told(not told, "it shows what it is for" if told else "it does not show what it is for", HIDDEN)
