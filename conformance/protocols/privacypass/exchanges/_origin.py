"""The dialogues that the cases about origins vary, and how each of them ended.

`accepted` means that the origin gave what it protects (a status of success) for a token that is right: our strict
readers take the field and the token that left, the digest is that of a challenge of this origin, and the authenticator
holds. Tokens are made with our issuer's keys where the origin was told of it, and got from the issuer at the option
`issuer` elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from conformance.bench import Bench, CaseRun
from conformance.model import ACCEPTED, ANYWAY, Absent, Ended, Outcome, Part, exchange
from conformance.net import Connection, texts
from conformance.protocols.privacypass.exchanges._client import token_wrong
from conformance.protocols.privacypass.exchanges._issuer import (
    IDENTITY,
    Known,
    directory_url,
    get_directory,
    known_of,
    plain,
)
from conformance.protocols.privacypass.messages import (
    BLIND_RSA,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    VOPRF,
    Auth,
    Offer,
    PrivateKey,
    PrivateRSAKey,
    PublicKey,
    challenge_digest,
    credentials,
    decode_challenge,
    offer_of,
    parse_auth,
    public_key,
    token,
    token_input,
    token_of,
    token_request,
)
from conformance.protocols.privacypass.peers import private_key
from conformance.wire import Built, DecodeError, Message
from conformance.wire.http import FieldLines, combined, request, values

_BARE = re.compile(rb"\b(token[ \t]*=[ \t]*)([\w-]+={1,2})(?=[ \t]*(?:,|$))", re.IGNORECASE)
Sign = Callable[[PrivateKey, bytes], bytes]
"""Makes the authenticator of what a token says, with a key of our issuer."""


def origin_ended(part: Part) -> Outcome:
    """How a request with a token ended."""
    answer = part.last("decoded", "answer")
    if answer is None:
        return part.ending()
    status = int(answer.value["status"])
    if status // 100 != 2:
        return plain(status)
    return ANYWAY if answer.value["unlawful"] else ACCEPTED


def offers_in(fields: FieldLines) -> list[Offer]:
    """The PrivateToken challenges in an answer that a client could use; what is none is passed over.

    Values are read as a tolerant client reads them, so that an origin that errs there can be asked all the same: each
    line by itself where together they are no list.
    """
    lines = values(fields, b"www-authenticate")
    found: list[Offer] = []
    for value in lines:
        try:
            parsed = parse_auth(value)
        except DecodeError:
            parsed = parse_auth_loosely(value)
        for each in parsed:
            try:
                offer = offer_of(each)
                decode_challenge(offer.challenge)
            except DecodeError:
                continue
            if each.private:
                found.append(offer)
    return found


def parse_auth_loosely(value: bytes) -> tuple[Auth, ...]:
    """The challenges in a value that puts padding outside of quotes; none where that is not what is wrong."""
    quoted = re.sub(rb"([\w-]+)=([A-Za-z0-9_-]+={0,2})(?=[ \t]*(?:,|$))", rb'\1="\2"', value)
    try:
        return parse_auth(quoted)
    except DecodeError:
        return ()


@dataclass(frozen=True, slots=True)
class Fresh:
    """A token that was got for a challenge: its recipe, the challenge, and the key."""

    recipe: Message
    challenge: bytes
    key: PublicKey


def _get(bench: Bench, url: str, connection: Connection, fields: Sequence[tuple[bytes, Any]] = ()) -> Message:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    del bench
    return request(
        b"GET",
        target.encode(),
        parts.netloc.encode(),
        (IDENTITY, *fields),
        version=connection.version,
        scheme=parts.scheme.encode(),
    )


async def challenged(bench: Bench, connection: Connection, point: str = "knock") -> list[Offer]:
    """What the origin asks for where nothing is offered; recorded as it came."""
    url = (await bench.serving()).url
    pending = await connection.request(bench, bench.point(point, _get(bench, url, connection)), point)
    answer = await pending.answer()
    _record(bench, answer.status, answer.fields, url)
    return offers_in(answer.fields)


def _record(bench: Bench, status: int, fields: FieldLines, url: str) -> None:
    value = combined(fields, b"www-authenticate")
    bench.saw(
        "decoded",
        "challenge",
        status=status,
        offered=value is not None,
        lines=texts(tuple((n, v) for n, v in fields if n.lower() == b"www-authenticate")),
        authority=urlsplit(url).netloc,
        octets=value or b"",
    )


def private_of(key: PublicKey) -> PrivateKey | None:
    """The private half of a key of our issuer's, or None where it is another's."""
    ours = (private_key(key.token_type, nth) for nth in (0, 1))
    return next((k for k in ours if k.public.octets == key.octets), None)


def sign(bench: Bench) -> Sign:
    """Signs as an issuer and a client do together."""
    salt = bench.rng.randbytes(48)

    def signed(key: PrivateKey, octets: bytes) -> bytes:
        return key.authenticator(octets, salt) if isinstance(key, PrivateRSAKey) else key.authenticator(octets)

    return signed


async def fresh_token(
    bench: Bench,
    connection: Connection | None = None,
    by: Sign | None = None,
    key: PrivateKey | None = None,
    listed: int = 0,
) -> Fresh:
    """A token for a challenge that the origin gives now; `by` and `key` make another authenticator than the right one.

    DecodeError where it asks for none of this variant's type.
    """
    wanted = bench.variant["type"]
    offers = await challenged(bench, connection or await bench.connect())
    offer = next((o for o in offers if decode_challenge(o.challenge).token_type == wanted), None)
    if offer is None:
        raise DecodeError("www-authenticate", 0, f"no challenge of type {wanted} that can be used")
    public = await _key(bench, offer, wanted)
    if listed:
        if private_of(public) is None:
            bench.absent("which other keys the origin takes is not known")
        public = private_key(wanted, listed).public
    nonce = bench.rng.randbytes(32)
    ours = key or private_of(public)
    if ours is None and by is not None:
        bench.absent("it takes the private key of the issuer that the origin trusts, and that is not ours")
    if ours is None:
        made: Any = await _from_issuer(bench, public, nonce, offer.challenge)
    else:
        signer, private = by or sign(bench), ours

        def made(octets: bytes) -> bytes:
            return signer(private, octets)

    return Fresh(token(wanted, nonce, offer.challenge, public.key_id, made), offer.challenge, public)


async def _key(bench: Bench, offer: Offer, token_type: int) -> PublicKey:
    if offer.token_key is not None:
        return public_key(token_type, offer.token_key)
    if "issuer" in bench.run.setup.options:
        found = (await _issuer(bench)).of_type(token_type)
        if found:
            return found[0]
    return private_key(token_type).public


async def _issuer(bench: Bench) -> Known:
    known: Known | None = bench.memory.get("lab-issuer")
    if known is None:
        url = directory_url(bench.run.setup.options["issuer"])
        known = known_of(url, (await get_directory(bench, await bench.connect(url), url)).content)
        bench.memory["lab-issuer"] = known
    return known


async def _from_issuer(bench: Bench, key: PublicKey, nonce: bytes, challenge: bytes) -> bytes:
    """The authenticator that the issuer at the user's option gives."""
    if "issuer" not in bench.run.setup.options:
        bench.absent("the origin trusts an issuer that we do not know; --option issuer=URL says where it is")
    known = await _issuer(bench)
    signed = token_input(key.token_type, nonce, challenge_digest(challenge), key.key_id)
    blinding = key.begin(signed, bench.rng)
    connection = await bench.connect(known.url)
    parts = urlsplit(known.url)
    asked = request(
        b"POST",
        (parts.path or "/").encode(),
        parts.netloc.encode(),
        (IDENTITY, (b"content-type", REQUEST_TYPE.encode()), (b"accept", RESPONSE_TYPE.encode())),
        token_request(key, blinding.blinded).encode(),
        version=connection.version,
        scheme=parts.scheme.encode(),
    )
    answer = await (await connection.request(bench, bench.point("issuance", asked), "issuance")).answer()
    return blinding.finish(answer.content)


@exchange("privacypass.origin", origin_ended, over={"http": (1, 2), "type": (BLIND_RSA, VOPRF)})
async def redeem(
    bench: Bench,
    live: Connection | None = None,
    token: Fresh | None = None,  # noqa: A002,RUF100 - the word of the document
    by: Sign | None = None,
    key: Callable[[int], PrivateKey] | None = None,
    listed: int = 0,
    value: Callable[[bytes], Any] | None = None,
) -> Connection:
    """A challenge, a token for it, and a request with that token.

    `value` makes the field Authorization of a token; without it, it has quotes as this origin takes them.
    """
    connection = live or await bench.connect()
    wanted = bench.variant["type"]
    fresh = token or await fresh_token(bench, connection, by, key(wanted) if key else None, listed)
    if not connection.open:
        connection = await bench.connect()
    make = value or partial(credentials, quoted=await _quotes(bench))
    built = bench.point("token", fresh.recipe)
    url = (await bench.serving()).url
    outer = bench.point("outer", _get(bench, url, connection, ((b"authorization", make(built.octets)),)))
    answer = await (await connection.request(bench, outer, "outer", barrier=bench.barrier)).answer()
    _record(bench, answer.status, answer.fields, url)
    bench.saw("decoded", "answer", status=answer.status, unlawful=_unlawful(outer, fresh))
    return connection


async def _quotes(bench: Bench) -> bool | None:
    """Whether this origin takes a token in quotes only, or only without; None where it takes the plainest right form.

    Both forms are right where there is no padding, and only quotes where there is; whoever takes another form alone is
    told so by the cases that are about it, and is asked in its own form about everything else. Found out once a life.
    """
    wanted = bench.variant["type"]
    async with bench.memory.setdefault("asking for quotes", asyncio.Lock()):
        if f"quotes {wanted}" in bench.memory:
            known: bool | None = bench.memory[f"quotes {wanted}"]
            return known
        found: bool | None = None
        trial = CaseRun(bench.run.setup, bench.variant, random.Random(wanted))
        async with trial.stack:
            for quoted in (None, wanted != VOPRF):
                part = trial.bench("trial")
                with contextlib.suppress(Ended, DecodeError, Absent):
                    await redeem.drive(part, value=partial(credentials, quoted=quoted))
                answer = part.record.last("decoded", "answer")
                if answer is not None and answer.value["status"] // 100 == 2:
                    found = quoted
                    break
        bench.memory[f"quotes {wanted}"] = found
        return found


def _unlawful(outer: Built, fresh: Fresh) -> str:
    """Why an origin has to refuse what left, or an empty string; whether the nonce was there before is not known."""
    fields = outer.fields
    names = [p for p, octets in fields.items() if p.endswith(".name") and octets.lower() == b"authorization"]
    if len(names) != 1 or not names[0].startswith("fields["):
        return f"{len(names)} fields with credentials"
    value = fields[names[0].removesuffix("name") + "value"]
    if fresh.key.token_type == VOPRF:  # an origin that takes no quotes is asked without
        value = _BARE.sub(rb'\1"\2"', value)
    try:
        octets = token_of(value)
    except DecodeError as why:
        return str(why)
    return token_wrong(octets, fresh.key, fresh.challenge, ours=private_of(fresh.key) is not None)


def knock_ended(part: Part) -> Outcome:
    """How a request without a token ended: to ask for one is right."""
    answer = part.last("decoded", "challenge")
    if answer is None:
        return part.ending()
    status = int(answer.value["status"])
    return ACCEPTED if status == 401 or (status < 300 and answer.value["offered"]) else plain(status)


@exchange("privacypass.origin", knock_ended, over={"http": (1, 2)})
async def knock(bench: Bench, live: Connection | None = None) -> Connection:
    """A request without a token."""
    connection = live or await bench.connect()
    await challenged(bench, connection, "outer")
    return connection
