"""The reference client (RFC 9577, Section 2.1.3; RFC 9578, Sections 5 and 6), as an object that answers as an adapter.

Every step is a method, so that a fault replaces one of them.
"""

from __future__ import annotations

import random
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from conformance.bench import Hello, Reply, RoleOffer
from conformance.model import Ended
from conformance.net import Answer, Connection, Nobody, Route, connect
from conformance.protocols.privacypass.messages import (
    DIRECTORY_PATH,
    DIRECTORY_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    TYPES,
    Pending,
    PublicKey,
    Refused,
    challenge_digest,
    decode_challenge,
    json_of,
    public_key,
    token_input,
    token_request,
)
from conformance.wire import DecodeError
from conformance.wire.http import media_type, request

PATIENCE = 5.0


class Client:
    """Gets one token at a time."""

    types: ClassVar[tuple[int, ...]] = TYPES

    def __init__(self) -> None:
        self.rng = random.Random()

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference client",
            language="python",
            roles={"privacypass.client": RoleOffer(variants={"type": self.types})},
            operations=("privacypass.client.issue",),
            parallel=16,
        )

    async def privacypass_client_issue(self, challenge: str, issuer: str, token_key: str, type: int) -> Reply:  # noqa: A002
        """Get a token for a challenge under a key, from the issuer at a URL."""
        try:
            octets = bytes.fromhex(challenge)
            self.check_challenge(octets, type)
            key = self.key(type, bytes.fromhex(token_key))
            token = await self.issued(octets, issuer, key)
        except (DecodeError, Refused, Ended) as why:
            return {"refused": {"class": why.__class__.__name__.lower(), "detail": str(why)}}
        return {"ok": {"token": token.hex()}}

    def check_challenge(self, challenge: bytes, token_type: int) -> None:
        """Whether the challenge may be acted upon (RFC 9577, Section 2.1.3)."""
        if decode_challenge(challenge).token_type != token_type:
            raise Refused("challenge", "it is of another type than what is asked for")

    def key(self, token_type: int, octets: bytes) -> PublicKey:
        """The key."""
        return public_key(token_type, octets)

    def nonce(self) -> bytes:
        """The nonce of a token, fresh for each."""
        return self.rng.randbytes(32)

    async def issued(self, challenge: bytes, issuer: str, key: PublicKey) -> bytes:
        """The token: request, response, and what is made of it."""
        signed = token_input(key.token_type, self.nonce(), self.digest(challenge), key.key_id)
        pending = self.begin(key, signed)
        where = await self.request_url(issuer)
        answer = await self.post(where, token_request(key, self.sent(pending)).encode())
        self.check_answer(answer)
        return signed + self.finish(pending, answer.content)

    def digest(self, challenge: bytes) -> bytes:
        """The digest of the challenge, as it was received."""
        return challenge_digest(challenge)

    def begin(self, key: PublicKey, signed: bytes) -> Pending:
        """Blind what is to be signed."""
        return key.begin(signed, self.rng)

    def sent(self, pending: Pending) -> bytes:
        """What is blinded, as it is sent."""
        return pending.blinded

    async def request_url(self, issuer: str) -> str:
        """Where requests go, by the issuer's directory (RFC 9578, Section 4)."""
        where = urljoin(issuer, DIRECTORY_PATH.decode())
        answer = await self.fetch(b"GET", where, ((b"accept", DIRECTORY_TYPE.encode()),))
        if answer.status != 200:
            raise Refused("directory", f"status {answer.status}")
        said = json_of(answer.content)
        if not isinstance(said, dict) or not isinstance(said.get("issuer-request-uri"), str):
            raise Refused("directory", "it does not say where requests go")
        return self.resolved(where, said["issuer-request-uri"])

    def resolved(self, base: str, reference: str) -> str:
        """The URL that a reference in the directory leads to."""
        return urljoin(base, reference)

    async def post(self, url: str, octets: bytes) -> Answer:
        """Send a token request."""
        return await self.fetch(b"POST", url, self.request_fields(), octets)

    def request_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields of a token request."""
        return ((b"content-type", REQUEST_TYPE.encode()), (b"accept", RESPONSE_TYPE.encode()))

    async def fetch(self, method: bytes, url: str, fields: Any, content: bytes | None = None) -> Answer:
        """One request over HTTP/1.1."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection: Connection = await connect(Route.of(url), Nobody(), version=1, patience=PATIENCE)
        try:
            asked = request(method, target.encode(), parts.netloc.encode(), fields, content)
            return await (await connection.request(Nobody(), asked.build(), "request")).answer()
        finally:
            await connection.close()

    def check_answer(self, answer: Answer) -> None:
        """Whether an answer is a token response."""
        if answer.status != 200:
            raise Refused("answer", f"status {answer.status}")
        if media_type(answer.fields) != RESPONSE_TYPE:
            raise Refused("answer", "of another media type")

    def finish(self, pending: Pending, response: bytes) -> bytes:
        """Verify the response, and finalize."""
        return pending.finish(response)
