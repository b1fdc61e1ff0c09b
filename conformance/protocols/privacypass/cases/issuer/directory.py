"""The directory of an issuer (RFC 9578, Sections 4, 5.5, 6.5 and 8.1; RFC 9474, Section 6.2)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from conformance.cases import case, drop, insert, one_value, put, watch
from conformance.crypto import spki
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.privacypass.cases.issuer._kit import by_text
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, fetch_directory, plain
from conformance.protocols.privacypass.messages import (
    BLIND_RSA,
    DIRECTORY_TYPE,
    P384,
    RESERVED_TYPES,
    VOPRF,
    json_of,
    public_key,
    unbase64,
)
from conformance.wire import DecodeError
from conformance.wire.http import field

ISSUER = "privacypass.issuer"
AT = "rfc9578/4/directory-at-well-known-path"
JSON, MEMBERS = "rfc9578/4/directory-valid-json", "rfc9578/4/directory-lists-url-and-keys"
URI, SAME = "rfc9578/4/request-uri-absolute-or-relative", "rfc9578/4/request-resource-same-origin"
ENTRIES, NUMBER = "rfc9578/4/token-keys-array-of-objects", "rfc9578/4/token-type-json-number"
KEY, SINCE = "rfc9578/4/token-key-base64url-padded", "rfc9578/4/not-before-in-unix-seconds"
TYPED, CACHED = "rfc9578/4/directory-media-type-exact", "rfc9578/4/directory-marked-cacheable"
SEVERAL, GREASE = "rfc9578/4/several-keys-per-type-allowed", "rfc9577/6.2.1/grease-types-reserved"
DISTINCT = {VOPRF: "rfc9578/5.5/voprf-truncated-ids-distinct", BLIND_RSA: "rfc9578/6.5/rsa-truncated-ids-distinct"}
OID, PARAMS = "rfc9578/6.5/spki-rsassa-pss-oid-required", "rfc9578/6.5/pss-params-required"
COMPLETE, EXACT = "rfc9578/6.5/pss-params-complete", "rfc9578/6.5/pss-params-values-exact"
BITS, OWN = "rfc9578/8.2.2/modulus-exactly-2048-bits", "rfc9578/6.5/rsa-key-not-reused"
COMPRESSED = "rfc9578/5.5/voprf-key-id-hashes-compressed"
CONSISTENT = "rfc9578/7/issuer-keys-consistent"
NONE = "no directory was served"
LATEST = 10**11
"""Seconds; a larger number counts something smaller."""


def _served(part: Part) -> Iterator[Event]:
    """The directories that came, where they were asked for as they should be."""
    if not any(change.path in {"target", "method"} for change in part.changes):
        yield from (e for e in part.all("decoded", "directory") if e.value["status"] == 200)


def _said(event: Event) -> dict[str, Any]:
    try:
        said = json_of(event.octets)
    except DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _entries(event: Event) -> Iterator[dict[str, Any]]:
    entries = _said(event).get("token-keys")
    yield from (e for e in entries if isinstance(e, dict)) if isinstance(entries, list) else ()


def _keys(part: Part, token_type: int) -> Iterator[bytes]:
    """The octets of the keys of a type, padding aside."""
    for entry in (e for event in _served(part) for e in _entries(event)):
        text = entry.get("token-key")
        if entry.get("token-type") == token_type and isinstance(text, str) and text.isascii():
            try:
                yield unbase64(text.encode(), "token-key", padded=False)
            except DecodeError:
                continue


def _told(right: bool, told: str, requirement: str = "") -> Finding:
    return Finding("as-expected" if right else "violation", told, requirement)


# What an issuer publishes


@watch(ISSUER, JSON, MEMBERS, ENTRIES, absent=NONE)
def directory_can_be_read(part):
    """A directory is one JSON object with the URL of requests and a list of keys, at least one, each an object."""
    for event in _served(part):
        try:
            said = json_of(event.octets)
        except DecodeError as why:
            yield _told(False, f"it cannot be read: {why}", JSON)
            continue
        yield _told(isinstance(said, dict), f"it is a {type(said).__name__}", JSON)
        if isinstance(said, dict):
            missing = [name for name in ("issuer-request-uri", "token-keys") if not said.get(name)]
            yield _told(not missing, f"without {', '.join(missing)}" if missing else "both members", MEMBERS)
            keys = said.get("token-keys", [])
            right = isinstance(keys, list) and all(isinstance(entry, dict) for entry in keys)
            yield _told(right, "a list of objects" if right else "no list of objects", ENTRIES)


@watch(ISSUER, TYPED, "rfc9578/8.1/registered-names-used", absent=NONE)
def directory_is_called_what_it_is(part):
    """A directory is labelled by its media type."""
    for event in _served(part):
        kind = event.value["type"]
        yield _told(kind == DIRECTORY_TYPE, f"it is called {kind or 'nothing'}")


@watch(ISSUER, URI, SAME, absent=NONE)
def request_uri_leads_to_this_issuer(part):
    """The URL of requests is a text that makes an http or https URL, of the origin that the directory has."""
    for event in filter(_said, _served(part)):
        uri, base = _said(event).get("issuer-request-uri"), event.value["url"]
        right = isinstance(uri, str) and uri.isascii() and not set(uri) & set(' "<>\\^`{|}')
        url = urlsplit(urljoin(base, uri)) if isinstance(uri, str) else None
        right = right and url is not None and url.scheme in {"http", "https"} and bool(url.netloc)
        yield _told(right, f"{uri!r} is {'' if right else 'no '}reference to a resource", URI)
        if url is not None and right:
            own = urlsplit(base)
            yield _told((url.scheme, url.netloc) == (own.scheme, own.netloc), f"requests go to {url.netloc}", SAME)


@watch(ISSUER, NUMBER, GREASE, absent=NONE)
def token_types_are_numbers(part):
    """Each entry has a type that is a number of 16 bits, and none of those that are reserved."""
    for event in _served(part):
        for entry in _entries(event):
            kind = entry.get("token-type")
            right = type(kind) is int and 0 <= kind < 1 << 16
            yield _told(right, f"token-type is {kind!r}", NUMBER)
            yield _told(kind not in RESERVED_TYPES, f"token-type is {kind!r}", GREASE)


@watch(ISSUER, KEY, absent=NONE)
def keys_are_in_base64_with_padding(part):
    """Each entry has a key, as URL-safe Base 64 with its padding, and for the types that we have it is one."""
    for event in _served(part):
        for entry in _entries(event):
            kind, text = entry.get("token-type"), entry.get("token-key")
            if not isinstance(text, str) or not text.isascii() or not text:
                yield _told(False, f"token-key is {text!r}")
                continue
            try:
                unbase64(text.encode(), "token-key")
            except DecodeError as why:
                yield _told(False, f"the key of type {kind}: {why}")
            else:
                yield _told(True, f"the key of type {kind} has {len(text)} letters")


@watch(ISSUER, SINCE, absent="no key has a time from when on it is used")
def times_are_in_seconds(part):
    """The time from when on a key is used is a whole number of seconds."""
    for event in _served(part):
        for entry in _entries(event):
            if "not-before" in entry:
                since = entry["not-before"]
                yield _told(type(since) is int and 0 <= since < LATEST, f"not-before is {since!r}")


@watch(ISSUER, CACHED, absent=NONE)
def directory_may_be_kept(part):
    """The directory says for how long it may be kept."""
    for event in _served(part):
        said = {word.strip().lower() for word in event.value["cache-control"].split(",") if word.strip()}
        ages = [w.partition("=")[2].strip('"') for w in said if w.startswith(("max-age=", "s-maxage="))]
        right = any(age.isdigit() and int(age[:12]) > 0 for age in ages) and "no-store" not in said
        yield _told(right, f"cache-control: {', '.join(sorted(said)) or 'nothing'}")


@watch(ISSUER, *DISTINCT.values(), SEVERAL, absent=NONE)
def keys_can_be_told_apart(part):
    """No two keys of a type have identifiers that end in the same octet; how many keys there are is recorded."""
    for kind, requirement in DISTINCT.items():
        ids = []
        for octets in _keys(part, kind):
            try:
                ids.append(public_key(kind, octets).truncated)
            except DecodeError:
                continue
        if ids:
            yield _told(
                len(set(ids)) == len(ids), f"{len(ids)} keys of type {kind}, {len(set(ids))} octets", requirement
            )
            yield Finding("as-expected", f"{len(ids)} keys of type {kind}", SEVERAL, measure={"keys": len(ids)})


@watch(ISSUER, COMPRESSED, "rfc9497/4.4/invalid-p384-point-refused", absent="no key of type 1 is listed")
def voprf_keys_are_points(part):
    """A key of type 1 is a point of P-384 in its compressed form, and not the identity."""
    for octets in _keys(part, VOPRF):
        try:
            P384.decode(octets, "token-key")
        except DecodeError as why:
            yield _told(False, f"{len(octets)} octets: {why}", COMPRESSED)
            if len(octets) == P384.element_length:
                yield _told(False, str(why), "rfc9497/4.4/invalid-p384-point-refused")
        else:
            yield _told(True, f"a point in {len(octets)} octets")


_PSS_IDS = (OID, "rfc9474/6.2/rsassa-pss-oid-required", "rfc9474/6.2/rsaencryption-oid-never-used")


@watch(ISSUER, *_PSS_IDS, PARAMS, COMPLETE, EXACT, BITS, absent="no key of type 2 is listed")
def rsa_keys_say_what_they_are_for(part):
    """A key of type 2 is a SubjectPublicKeyInfo of RSASSA-PSS with all its parameters, and has 2048 bits."""
    for octets in _keys(part, BLIND_RSA):
        try:
            public, algorithm = spki.read(octets)
        except DecodeError as why:
            yield _told(False, f"no RSA key: {why}", OID)
            continue
        for requirement in _PSS_IDS:
            yield _told(algorithm.oid == spki.RSASSA_PSS, f"the algorithm is {algorithm.oid}", requirement)
        if algorithm.oid == spki.RSASSA_PSS:
            yield from _parameters(algorithm.parameters)
        bits = public.n.bit_length()
        yield _told(bits == 2048 and bool(public.n & 1) and public.e > 1, f"{bits} bits, exponent {public.e}", BITS)


def _parameters(found: spki.PSS | None) -> Iterator[Finding]:
    yield _told(found is not None, "parameters" if found else "no parameters", PARAMS)
    if found is None:
        return
    missing = [n for n in ("hash", "mgf", "salt_length") if getattr(found, n) is None]
    yield _told(not missing, f"without {', '.join(missing)}" if missing else "all three", COMPLETE)
    if not missing:
        right = (found.hash and found.hash.oid) == (found.mgf_hash and found.mgf_hash.oid) == spki.SHA384
        right = right and found.mgf == spki.MGF1 and found.salt_length == 48 and found.trailer in {None, 1}
        yield _told(bool(right), f"hash {found.hash}, mask {found.mgf_hash}, salt {found.salt_length}", EXACT)


@watch(ISSUER, OWN, "rfc9474/6.2/key-only-for-rsabssa", absent="no key of type 2 is listed")
def rsa_keys_serve_one_type(part):
    """A key of type 2 is not listed a second time, under its own type or another."""
    for event in _served(part):
        listed = [e["token-key"] for e in _entries(event) if isinstance(e.get("token-key"), str)]
        mine = [e.get("token-key") for e in _entries(event) if e.get("token-type") == BLIND_RSA]
        for text in (text for text in mine if isinstance(text, str)):
            times = sum(1 for other in listed if other == text)
            yield _told(times == 1, f"it is listed {times} times")


# How it is asked


@case(fetch_directory, AT, expect=[ACCEPTED], each=by_text(
    b"*/*", b"application/*", b"Application/Private-Token-Issuer-Directory", b"application/json, */*;q=0.1",
))  # fmt: skip
def accept_in_another_form(accept):
    """The client says in another way than by its media type that it takes a directory."""
    return put("outer.fields.accept.value", accept)


@case(fetch_directory, AT, expect=[ACCEPTED])
def without_accept():
    """The client does not say what it takes."""
    return drop("outer.fields.accept")


@case(fetch_directory, AT, expect=[ACCEPTED, PLAIN_4XX.at("405").per("rfc9578/general/wrong-method-or-type-4xx")])
def head_of_the_directory():
    """Only the head of the answer is asked for."""
    return put("outer.method", b"HEAD")


@case(
    fetch_directory,
    "rfc9578/general/wrong-method-or-type-4xx",
    expect=[PLAIN_4XX, plain(501).per("rfc9578/general/wrong-method-or-type-4xx")],
    each=by_text(b"DELETE", b"PUT", b"BREW"),
)
def method_other_than_get(method):
    """The directory is asked for by a method that makes no sense there."""
    return put("outer.method", method)


# Whether everybody gets the same


@case(fetch_directory, CONSISTENT, where={"http": "first"})
async def same_directory_every_time(bench):
    """Ten fetches, each on a connection of its own, give one directory."""
    for n in range(10):
        await fetch_directory(bench.part(f"fetch {n}"))


CLIENTS = {
    "browser": (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"),
    "language": (b"accept-language", b"fi-FI, fi;q=0.9"),
    "cookie": (b"cookie", b"id=4711"),
    "forwarded": (b"x-forwarded-for", b"203.0.113.7"),
    "origin": (b"origin", b"https://other.example"),
}


@case(fetch_directory, CONSISTENT, where={"http": "first"})
async def same_directory_for_every_client(bench):
    """Clients that say different things of themselves get one directory."""
    for name, line in CLIENTS.items():
        await fetch_directory(bench.part(f"{name} 1", insert("outer.fields", -1, field(*line))))
        await fetch_directory(bench.part(f"{name} 2"))


@same_directory_every_time.judge
def _(transcript):
    yield one_value(transcript, "directory", by="place")


@same_directory_for_every_client.judge
def _(transcript):
    yield one_value(transcript, "directory", by="client")
