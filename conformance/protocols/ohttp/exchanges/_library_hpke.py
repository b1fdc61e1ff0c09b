"""Libraries that encapsulate (RFC 9458, Section 4): a sender's request and the response to it, a receiver's likewise.

`accepted` means that what the library sealed opens strictly, by our implementation and in no other way than the
document's; or that what it opened is what our strict receiver reads in the octets that left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance import crypto
from conformance.bench import Bench
from conformance.crypto import HPKEError, KeyPair, Suite
from conformance.library import REFUSED, answered, octets_of
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.protocols.ohttp.exchanges._library_keys import (
    OVER,
    give_keys,
    lawful_keys,
    make_keys,
    offered_suites,
    variant_suite,
)
from conformance.protocols.ohttp.exchanges._library_sealed import Opened, may_seal_for, open_sealed
from conformance.protocols.ohttp.messages import (
    RESPONSE_LABEL,
    BinaryRequest,
    BinaryResponse,
    GatewayKey,
    KeyEntry,
    Refused,
    RequestContext,
    ResponseContext,
    bhttp_request,
    bhttp_response,
    decode_keys,
    diagnosis,
    encapsulated_request,
    encapsulated_response,
    open_request,
    response_keys,
    response_nonce_length,
)
from conformance.wire import DecodeError, Message

GET = bhttp_request(BinaryRequest(b"GET", b"https", b"example.com", b"/", ((b"accept", b"*/*"),))).encode()
FOUND = bhttp_response(BinaryResponse(200, ((b"content-type", b"text/plain"),), b"hello")).encode()
NO_REQUEST = Outcome("no-request")
"""The request before the response did not come about."""


# --- Senders: requests -----------------------------------------------------------------------------------------------

_LAYOUT = "rfc9458/4.1/request-layout-exact"


def encapsulated_ended(part: Part) -> Outcome:
    """How a library sealed a request."""
    reply = answered(part, "ohttp.request.encapsulate")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    sent, opened = part.sent("keys"), part.last("decoded", "request")
    entries = lawful_keys(sent.event.octets) if sent else None
    if entries is None or (opened is not None and not opened.value["valid"]):
        return ANYWAY
    if opened is None:
        return part.ending()
    return WRONG.at(opened.value["told"]) if opened.value["told"] else ACCEPTED


@exchange("ohttp.sender", encapsulated_ended, over=OVER)
async def encapsulate(
    bench: Bench,
    live: None = None,
    content: bytes = GET,
    *,
    entries: int = 1,
    pairs: Sequence[KeyPair] = (),
    ephemeral: KeyPair | None = None,
) -> None:
    """The library seals a request for a collection of keys (so many new ones, or these), and we open it."""
    del live
    await _encapsulated(bench, content, entries, pairs, ephemeral)


async def _encapsulated(
    bench: Bench,
    content: bytes,
    entries: int = 1,
    pairs: Sequence[KeyPair] = (),
    ephemeral: KeyPair | None = None,
    key_id: int = 1,
) -> tuple[Any, Opened] | None:
    octets, pairs = give_keys(bench, variant_suite(bench), entries, pairs, key_id)
    more = {"ephemeral": ephemeral.private.hex()} if ephemeral else {}
    reply = await bench.do("ohttp.request.encapsulate", keys=octets.hex(), request=content.hex(), **more)
    if "ok" not in reply:
        return None
    sealed = octets_of(reply, "request", "ohttp.request.encapsulate")
    opened = _opened(bench, sealed, octets, pairs, content)
    return (reply["ok"].get("context"), opened) if opened is not None else None


def _opened(bench: Bench, sealed: bytes, keys: bytes, pairs: Sequence[KeyPair], content: bytes) -> Opened | None:
    """Open what the library sealed and record what is to be said of it; None for keys that nobody may seal for."""
    entries = lawful_keys(keys)
    if entries is None:
        return None
    try:
        opened = open_sealed(sealed, entries, pairs)
    except DecodeError as why:
        bench.saw(
            "decoded", "request", octets=sealed, valid=True, requirement=_LAYOUT, told=str(why), enc="", plaintext=""
        )
        return None
    requirement, told = opened.requirement, opened.told
    if opened.plaintext is not None and not told and opened.plaintext != content:
        requirement, told = _LAYOUT, "it says something else than the request that was to be sealed"
    bench.saw(
        "decoded",
        "request",
        octets=sealed,
        valid=may_seal_for(sealed[0], opened.suite.kem, entries),
        requirement=requirement,
        told=told,
        enc=opened.enc.hex(),
        plaintext=(opened.plaintext or b"").hex(),
    )
    return opened


# --- Senders: responses ----------------------------------------------------------------------------------------------


def response_opened_ended(part: Part) -> Outcome:
    """How a library took a response."""
    reply = answered(part, "ohttp.response.decapsulate")
    if reply is None:
        return NO_REQUEST if answered(part, "ohttp.request.encapsulate") else part.ending()
    if "refused" in reply:
        return REFUSED
    lawful, said = part.last("lawful", "response"), part.last("decoded", "response")
    if lawful is None or said is None:
        return part.ending()
    if not lawful.value["opens"]:
        return ANYWAY
    return ACCEPTED if said.octets == lawful.octets else WRONG


@dataclass(slots=True)
class Awaiting:
    """A request that a library sealed: what opens its response, and what seals it."""

    handle: Any
    context: ResponseContext


async def request_of(
    bench: Bench,
    content: bytes = GET,
    pairs: Sequence[KeyPair] = (),
    ephemeral: KeyPair | None = None,
    key_id: int = 1,
) -> Awaiting | None:
    """The library seals a request; None where that does not come about as it should."""
    made = await _encapsulated(bench, content, 1, pairs, ephemeral, key_id)
    if made is None or made[1].context is None:
        return None
    return Awaiting(made[0], made[1].context)


async def respond(bench: Bench, to: Awaiting, sealed_in: ResponseContext, content: Any = FOUND) -> None:
    """Seal a response in a context and give it to the library as that to a request."""
    nonce = bench.rng.randbytes(response_nonce_length(sealed_in.suite))
    octets = bench.point("response", encapsulated_response(sealed_in, nonce, content)).octets
    await give_response(bench, to, octets)


async def give_response(bench: Bench, to: Awaiting, octets: bytes) -> None:
    """Give the library these octets as the response to a request."""
    plaintext = _strictly(to.context, octets)
    bench.saw("lawful", "response", octets=plaintext or b"", opens=plaintext is not None)
    reply = await bench.do("ohttp.response.decapsulate", context=to.handle, response=octets.hex())
    if "ok" in reply:
        bench.saw("decoded", "response", octets=octets_of(reply, "response", "ohttp.response.decapsulate"))


def _strictly(context: ResponseContext, octets: bytes) -> bytes | None:
    """What a strict client reads in a response, or None."""
    length = response_nonce_length(context.suite)
    if len(octets) < length:
        return None
    secret = context.recipient.export(RESPONSE_LABEL, length)
    key, nonce = response_keys(context.suite, secret, context.enc + octets[:length])
    try:
        return crypto.aead_open(context.suite.aead, key, nonce, octets[length:])
    except HPKEError:
        return None


@exchange("ohttp.sender", response_opened_ended, over=OVER)
async def open_response(
    bench: Bench,
    live: None = None,
    content: bytes = GET,
    response: bytes = FOUND,
    *,
    pairs: Sequence[KeyPair] = (),
    ephemeral: KeyPair | None = None,
    key_id: int = 1,
    octets: bytes | None = None,
) -> None:
    """The library seals a request, we seal the response to it (or give it `octets`), and the library opens that."""
    del live
    awaiting = await request_of(bench, content, pairs, ephemeral, key_id)
    if awaiting is None:
        return
    if octets is None:
        await respond(bench, awaiting, awaiting.context, response)
    else:
        await give_response(bench, awaiting, bench.point("response", Message(octets=octets)).octets)


# --- Receivers -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Key:
    """A key that the library made: its handle and what it published."""

    handle: Any
    entry: KeyEntry


async def key_of(
    bench: Bench, suite: Suite, key_id: int = 1, private: bytes = b"", *, all_suites: bool = False
) -> Key | None:
    """A key of the library for one suite, or all that it offers of that KEM: one for all cases of its life."""
    memory: dict[Any, Key] = bench.memory.setdefault("keys of the library", {})
    name = (suite.name, key_id, private, all_suites)
    if name not in memory:
        suites = offered_suites(bench, "ohttp.receiver", suite) if all_suites else [suite]
        made = await make_keys(bench, key_id, suites, private)
        if made is None:
            return None
        memory[name] = Key(made[1], decode_keys(made[0])[0])
    return memory[name]


def decapsulated_ended(part: Part) -> Outcome:
    """How a library took a request."""
    reply = answered(part, "ohttp.request.decapsulate")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    lawful, said = part.last("lawful", "request"), part.last("decoded", "request")
    if lawful is None or said is None:
        return part.ending()
    if not lawful.value["opens"]:
        return ANYWAY
    return ACCEPTED if said.octets == lawful.octets else WRONG


@dataclass(slots=True)
class Taken:
    """A request that the library opened, what opens the response to it, and the octets that left."""

    handle: Any
    context: RequestContext | ResponseContext
    enc: bytes
    octets: bytes


async def give_request(
    bench: Bench,
    content: bytes = GET,
    *,
    key_id: int = 1,
    private: bytes = b"",
    sealed_as: str = "",
    all_suites: bool = False,
    ephemeral: KeyPair | None = None,
) -> Taken | None:
    """Seal a request for a key of the library, which opens it; `sealed_as` is a suite that the key is not offered with.

    With `all_suites` the key is offered with all suites of its KEM. None where the library does not open the request.
    """
    suite = variant_suite(bench)
    key = await key_of(bench, suite, key_id, private, all_suites=all_suites)
    if key is None:
        return None
    own = ephemeral or crypto.generate(suite.kem, bench.rng)
    context = RequestContext(Suite.parse(sealed_as or suite.name), key.entry.public, own)
    built = bench.point("request", encapsulated_request(key.entry, context, content))
    sealed = built.fields["content"]
    honest = RequestContext(context.suite, context.public, context.ephemeral)
    offered = (context.suite.kdf, context.suite.aead) in key.entry.algorithms
    opens = offered and encapsulated_request(key.entry, honest, sealed).encode() == built.octets
    return await _take(bench, key, context, built.fields["enc"], built.octets, sealed if opens else None)


async def give_octets(
    bench: Bench, octets: bytes, private: bytes, *, key_id: int = 1, all_suites: bool = False
) -> Taken | None:
    """Give the library a request that somebody else sealed for a private key, which the library imports."""
    key = await key_of(bench, variant_suite(bench), key_id, private, all_suites=all_suites)
    if key is None:
        return None
    built = bench.point("request", Message(octets=octets))
    try:
        plaintext, context = open_request(built.octets, [GatewayKey(key.entry, private)])
    except (DecodeError, Refused):
        await _take(bench, key, None, b"", built.octets, None)
        return None
    return await _take(bench, key, context, context.enc, built.octets, plaintext)


async def give_again(bench: Bench, taken: Taken) -> Taken | None:
    """Give the library the octets of a request again, for the same key."""
    key = await key_of(bench, variant_suite(bench))
    if key is None:
        return None
    octets = bench.point("request", Message(octets=taken.octets)).octets
    return await _take(bench, key, taken.context, taken.enc, octets, None)


async def _take(
    bench: Bench,
    key: Key,
    context: RequestContext | ResponseContext | None,
    enc: bytes,
    octets: bytes,
    lawful: bytes | None,
) -> Taken | None:
    """The library opens a request; `lawful` is what a strict receiver reads in it, None where it reads nothing.

    Without a context, which a request that does not open has not, nothing is given for a response.
    """
    bench.saw("lawful", "request", octets=lawful or b"", opens=lawful is not None)
    reply = await bench.do("ohttp.request.decapsulate", key=key.handle, request=octets.hex())
    if "ok" not in reply:
        return None
    bench.saw("decoded", "request", octets=octets_of(reply, "request", "ohttp.request.decapsulate"))
    return Taken(reply["ok"].get("context"), context, enc, octets) if context is not None else None


@exchange("ohttp.receiver", decapsulated_ended, over=OVER)
async def decapsulate(
    bench: Bench,
    live: None = None,
    content: bytes = GET,
    *,
    key_id: int = 1,
    sealed_as: str = "",
    private: bytes = b"",
    octets: bytes | None = None,
    all_suites: bool = False,
    ephemeral: KeyPair | None = None,
) -> None:
    """The library makes a key, we seal a request for it, and the library opens that.

    With a `private` key that the library imports, the request may be `octets` that somebody else sealed.
    """
    del live
    if octets is not None:
        await give_octets(bench, octets, private, key_id=key_id, all_suites=all_suites)
    else:
        await give_request(
            bench,
            content,
            key_id=key_id,
            private=private,
            sealed_as=sealed_as,
            all_suites=all_suites,
            ephemeral=ephemeral,
        )


def response_sealed_ended(part: Part) -> Outcome:
    """How a library sealed a response."""
    reply = answered(part, "ohttp.response.encapsulate")
    if reply is None:
        return NO_REQUEST if answered(part, "ohttp.request.decapsulate") else part.ending()
    if "refused" in reply:
        return REFUSED
    opened = part.last("decoded", "response")
    if opened is None:
        return part.ending()
    return WRONG.at(opened.value["why"]) if opened.value["why"] else ACCEPTED


async def take_response(bench: Bench, taken: Taken, response: bytes = FOUND, nonce: bytes = b"") -> bytes:
    """The library seals a response to a request, and we open it; gives its octets (none where it does not)."""
    more = {"nonce": nonce.hex()} if nonce else {}
    reply = await bench.do("ohttp.response.encapsulate", context=taken.handle, response=response.hex(), **more)
    if "ok" not in reply:
        return b""
    octets = octets_of(reply, "response", "ohttp.response.encapsulate")
    why = step = ""
    plaintext: bytes | None = b""
    try:
        plaintext = _response_opened(taken, octets)
    except DecodeError as error:
        why = str(error)
        step = diagnosis(taken.context, octets, taken.enc) if isinstance(taken.context, RequestContext) else ""
    if not why and plaintext != response:
        why = "it says something else than the response that was to be sealed"
    length = response_nonce_length(taken.context.suite)
    bench.saw("decoded", "response", octets=octets, why=why, step=step, nonce=octets[:length].hex())
    return octets


def _response_opened(taken: Taken, octets: bytes) -> bytes:
    """The plaintext of a response; DecodeError where it does not open."""
    if isinstance(taken.context, RequestContext):
        return taken.context.open(octets, taken.enc)
    plaintext = _strictly(taken.context, octets)
    if plaintext is None:
        raise DecodeError("response", 0, "it does not open in the request's context")
    return plaintext


@exchange("ohttp.receiver", response_sealed_ended, over=OVER)
async def seal_response(bench: Bench, live: None = None, response: bytes = FOUND) -> None:
    """The library opens a request of ours and seals the response, which we open."""
    del live
    taken = await give_request(bench)
    if taken is not None:
        await take_response(bench, taken, response)


__all__ = [
    "FOUND", "GET", "NO_REQUEST", "Awaiting", "Taken", "decapsulate", "encapsulate", "give_again", "give_octets",
    "give_request", "give_response", "open_response", "request_of", "respond", "seal_response", "take_response",
]  # fmt: skip
