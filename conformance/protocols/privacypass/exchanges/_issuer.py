"""The dialogues that the cases about issuers vary, and how each of them ended.

`accepted` means that the issuer answered a lawful request with a response that holds under the key that the request
names: the proof verifies (type 1), the power of the signature is what was sent (type 2). Where what was sent is what
the client blinded, a whole token is made of it, so that no step of a client is left out. Status (any of success) and
media type of the answer are looked at by watches, or an issuer that errs there would show nothing else.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from conformance.bench import Bench
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, UsageError, exchange
from conformance.net import Answer, Connection, Pending, Route
from conformance.protocols.privacypass.messages import (
    DIRECTORY_PATH,
    DIRECTORY_TYPE,
    P384,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    TYPES,
    PublicKey,
    Refused,
    RSAKey,
    TokenChallenge,
    challenge_digest,
    decode_request,
    json_of,
    public_key,
    token_challenge,
    token_input,
    token_request,
    unbase64,
    unlawful,
)
from conformance.protocols.privacypass.messages import Pending as Blinding
from conformance.wire import DecodeError
from conformance.wire.http import combined, media_type, request

PLAIN_4XX, PLAIN_5XX, PLAIN_OTHER = Outcome("plain-4xx"), Outcome("plain-5xx"), Outcome("plain-other")
PLAIN_401, PLAIN_415, PLAIN_422 = PLAIN_4XX.at("401"), PLAIN_4XX.at("415"), PLAIN_4XX.at("422")
PLAIN_400 = PLAIN_4XX.at("400")
IDENTITY = (b"user-agent", b"conformance")


def plain(status: int) -> Outcome:
    """An answer that is no success."""
    return {4: PLAIN_4XX, 5: PLAIN_5XX}.get(status // 100, PLAIN_OTHER).at(str(status))


def issuer_ended(part: Part) -> Outcome:
    """How a token request ended."""
    answer = part.last("decoded", "response")
    if answer is None:
        return part.ending()
    if answer.value["status"] // 100 != 2:
        return plain(int(answer.value["status"]))
    if answer.value["unlawful"]:
        return ANYWAY
    return WRONG.at(answer.value["step"]) if answer.value["wrong"] else ACCEPTED


@dataclass(slots=True)
class Asked:
    """A token request that is under way."""

    bench: Bench
    http: Pending
    blinding: Blinding
    key: PublicKey
    keys: Sequence[PublicKey]
    octets: bytes

    async def answer(self) -> bytes | None:
        """Wait for the answer and record what it says; the authenticator, where the answer makes one."""
        answer = await self.http.answer()
        why = unlawful(self.octets, self.keys)
        authenticator, step, wrong = None, "", ""
        if answer.status // 100 == 2 and not why:
            try:
                authenticator = self.finished(answer.content)
            except DecodeError as error:
                step, wrong = "undecodable", str(error)
            except Refused as error:
                step, wrong = error.step, str(error)
        self.bench.saw(
            "decoded",
            "response",
            octets=answer.content,
            status=answer.status,
            type=media_type(answer.fields),
            unlawful=why,
            wrong=wrong,
            step=step,
            key=self.key.key_id.hex(),
            token_type=self.key.token_type,
        )
        return authenticator

    def finished(self, content: bytes) -> bytes | None:
        """What an answer to a lawful request makes; DecodeError and Refused where it is not the right one."""
        sent = decode_request(self.octets)
        if (sent.token_type, sent.truncated) == (self.key.token_type, self.key.truncated):
            if sent.blinded == self.blinding.blinded:
                return self.blinding.finish(content)
            self.key.check(sent.blinded, content)
            return None
        named = [k for k in self.keys if (k.token_type, k.truncated) == (sent.token_type, sent.truncated)]
        for key in named[:-1]:
            try:
                return key.check(sent.blinded, content)
            except Refused:
                continue
        named[-1].check(sent.blinded, content)
        return None


# --- The directory ---------------------------------------------------------------------------------------------------


def directory_url(served: str) -> str:
    """Where the directory of an issuer is: a URL with a path is that itself."""
    return served if urlsplit(served).path not in {"", "/"} else urljoin(served, DIRECTORY_PATH.decode())


async def get_directory(bench: Bench, connection: Connection, url: str, point: str = "discovery") -> Answer:
    """Fetch a directory (RFC 9578, Section 4), and record what came."""
    asked = _request(b"GET", url, connection, ((b"accept", DIRECTORY_TYPE.encode()),))
    answer = await (await connection.request(bench, bench.point(point, asked), point)).answer()
    told: dict[str, Any] = {
        name: (combined(answer.fields, name.encode()) or b"").decode("latin-1")
        for name in ("cache-control", "etag", "location")
    }
    bench.saw(
        "decoded",
        "directory",
        octets=answer.content,
        status=answer.status,
        type=media_type(answer.fields),
        url=url,
        **told,
    )
    return answer


def _request(
    method: bytes, url: str, connection: Connection, fields: Sequence[tuple[bytes, Any]], content: Any = None
) -> Any:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return request(
        method,
        target.encode(),
        parts.netloc.encode(),
        (IDENTITY, *fields),
        content,
        version=connection.version,
        scheme=parts.scheme.encode(),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned of an issuer: where its requests go, and its keys that we can use, in order."""

    url: str
    keys: tuple[PublicKey, ...]

    def of_type(self, token_type: int) -> tuple[PublicKey, ...]:
        """The keys of a type."""
        return tuple(k for k in self.keys if k.token_type == token_type)


def known_of(url: str, octets: bytes) -> Known:
    """What of the directory at a URL can be used, though other parts of it be wrong; DecodeError where it is none."""
    said = json_of(octets)
    if not isinstance(said, Mapping) or not {"issuer-request-uri", "token-keys"} & said.keys():
        raise DecodeError("directory", 0, "no object with the members of a directory")
    uri, entries = said.get("issuer-request-uri"), said.get("token-keys")
    keys = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            kind, text = entry.get("token-type"), entry.get("token-key")
            with contextlib.suppress(DecodeError, UnicodeEncodeError):
                if isinstance(text, str) and type(kind) is int:
                    keys.append(public_key(kind, unbase64(text.encode("ascii"), "token-key", padded=False)))
    where = _resolved(url, uri) if isinstance(uri, str) else ""
    return Known(where, tuple(keys)) if where else Known(url, ())


def _resolved(base: str, uri: str) -> str:
    """The URL that a reference leads to, with what must be percent-encoded in it; nothing where that is none."""
    try:
        made = urljoin(base, quote(uri, safe=":/?#[]@!$&'()*+,;=%~")).partition("#")[0]
        Route.of(made)
    except (UsageError, ValueError):
        return ""
    return made


async def learned(bench: Bench) -> Known:
    """What this life of the issuer says of itself; the directory is fetched once."""
    known: Known | None = bench.memory.get("issuer")
    if known is None:
        url = directory_url((await bench.serving()).url)
        connection = await bench.connect(url)
        answer = await get_directory(bench, connection, url)
        if answer.status != 200:
            raise DecodeError("directory", 0, f"a fetch of the directory gave status {answer.status}")
        known = known_of(url, answer.content)
        bench.memory["issuer"] = known
    return known


# --- Issuance --------------------------------------------------------------------------------------------------------

Blinded = Callable[[PublicKey], bytes]
NUMBERS: Mapping[str, Callable[[int], int]] = {
    "0": lambda _: 0,
    "1": lambda _: 1,
    "2": lambda _: 2,
    "n - 1": lambda n: n - 1,
    "n": lambda n: n,
    "n + 1": lambda n: n + 1,
    "the largest": lambda _: (1 << 2048) - 1,
}
"""Representatives at the ends of the range, by the modulus."""


def _blinded(name: str, key: PublicKey) -> bytes:
    """What is sent in place of what the client blinded: a representative, or a point."""
    if isinstance(key, RSAKey):
        return NUMBERS[name](key.key.n).to_bytes(256, "big")
    points = {
        "the generator": P384.generator,
        "its negative": -P384.generator,
        "twice the generator": 2 * P384.generator,
        "the public key": P384.decode(key.octets),
        "the public key's negative": -P384.decode(key.octets),
    }
    return points[name].encode()


def _truncated(name: str, key: PublicKey, keys: Sequence[PublicKey]) -> int:
    """The octet of a key id that a request carries in place of the right one."""
    mine = {k.truncated for k in keys if k.token_type == key.token_type}
    found = {
        "its last bit turned": key.truncated ^ 1,
        "its first bit turned": key.truncated ^ 0x80,
        "one more": (key.truncated + 1) % 256,
        "the first octet of the id": key.key_id[0],
        "a key's of the other type": next((k.truncated for k in keys if k.token_type != key.token_type), key.truncated),
    }[name]
    while found in mine:  # it happens to be that of a key which the issuer has
        found = (found + 7) % 256
    return found


def challenge_for(key: PublicKey, rng: random.Random) -> bytes:
    """A challenge that a client could have got for a key of this issuer."""
    made = TokenChallenge(key.token_type, b"issuer.example", rng.randbytes(32), (b"origin.example",))
    return token_challenge(made).encode()


async def ask(
    bench: Bench, connection: Connection, nth: int = 0, truncated: str = "", blinded: str = "", token_type: int = 0
) -> Asked:
    """Send one token request; the answer is awaited on what this gives."""
    known = await learned(bench)
    mine = known.of_type(token_type) or known.of_type(bench.variant["type"])
    if nth >= len(mine):
        bench.absent(f"it has {len(mine)} keys of this type")
    key = mine[nth]
    nonce, digest = bench.rng.randbytes(32), challenge_digest(challenge_for(key, bench.rng))
    blinding = key.begin(token_input(key.token_type, nonce, digest, key.key_id), bench.rng)
    recipe = token_request(key, _blinded(blinded, key) if blinded else blinding.blinded)
    if truncated:
        recipe.parts["truncated_token_key_id"] = bytes([_truncated(truncated, key, known.keys)])
    built = bench.point("request", recipe)
    pending = await post(bench, connection, built.octets)
    return Asked(bench, pending, blinding, key, known.keys, built.octets)


async def post(bench: Bench, connection: Connection, octets: bytes) -> Pending:
    """Send a token request as the content of a POST (RFC 9578, Sections 5.1 and 6.1)."""
    fields = ((b"content-type", REQUEST_TYPE.encode()), (b"accept", RESPONSE_TYPE.encode()))
    outer = _request(b"POST", (await learned(bench)).url, connection, fields, octets)
    return await connection.request(bench, bench.point("outer", outer), "outer", barrier=bench.barrier)


async def connected(bench: Bench) -> Connection:
    """A new connection to where token requests go."""
    return await bench.connect((await learned(bench)).url)


OVER = {"http": (1, 2), "type": TYPES}


@exchange("privacypass.issuer", issuer_ended, over=OVER)
async def issue(
    bench: Bench,
    live: Connection | None = None,
    nth: int = 0,
    truncated: str = "",
    blinded: str = "",
    token_type: int = 0,
) -> Connection:
    """The directory, unless it is known, and one token request."""
    connection = live or await connected(bench)
    await (await ask(bench, connection, nth, truncated, blinded, token_type)).answer()
    return connection


def directory_ended(part: Part) -> Outcome:
    """How a fetch of the directory ended; what it says is looked at by watches."""
    answer = part.last("decoded", "directory")
    if answer is None:
        return part.ending()
    status = int(answer.value["status"])
    return ACCEPTED if status == 200 else plain(status)


@exchange("privacypass.issuer", directory_ended, over={"http": (1, 2)})
async def fetch_directory(bench: Bench, live: Connection | None = None) -> Connection:
    """One fetch of the directory."""
    url = directory_url((await bench.serving()).url)
    connection = live or await bench.connect(url)
    await get_directory(bench, connection, url, "outer")
    return connection
