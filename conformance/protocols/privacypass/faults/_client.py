"""Faults of clients (RFC 9577, Sections 2.1 and 2.2; RFC 9578, Sections 4 to 6)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from conformance.bench import Fault, fault, faults_of
from conformance.crypto import blindrsa
from conformance.crypto.groups import Element
from conformance.net import Answer
from conformance.protocols.privacypass.messages import (
    P384,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    SUITE,
    Pending,
    PublicKey,
    Refused,
    RSAKey,
    VOPRFKey,
    challenge_digest,
    decode_challenge,
    token_input,
    token_request,
)
from conformance.protocols.privacypass.peers import Client
from conformance.wire import DecodeError

CLIENT = "privacypass.client"
PROOF, MALFORMED = "rfc9578/5.3/dleq-proof-verified-first", "rfc9578/5.3/malformed-response-refused"
SIGNATURE = ("rfc9578/6.3/unblinded-signature-verified-first", "rfc9474/4.4/signature-verified-before-output")
LENGTH, IGNORED = "rfc9578/6.3/rsa-response-length-exact", "rfc9578/5.3/unsuccessful-response-ignored"
POINT, IDENTITY = "rfc9497/4.4/invalid-p384-point-refused", "rfc9497/3.3/identity-element-refused"
ACTED, STRUCTURE = "rfc9577/2.1.3/invalid-challenge-not-acted-on", "rfc9577/2.1.3/challenge-structure-checked-first"
CONTEXT, MATCHES = "rfc9577/2.1.1/wrong-length-context-ignored", "rfc9577/2.2.1/token-type-matches-challenge"
SKIPPED = "rfc9577/2.1.1/unsupported-type-challenge-skipped"
COMPRESSED_KEY = "rfc9578/5.5/voprf-key-id-hashes-compressed"
TOKENS = (
    "rfc9577/2.2.1/token-layout-exact", "rfc9577/2.2.1/digest-over-received-octets",
    "rfc9577/2.2.1/token-key-id-untruncated", "rfc9578/5.3/voprf-token-layout-exact",
    "rfc9578/6.3/rsa-token-length-exact", "rfc9578/6.1/identity-preparation-used",
)  # fmt: skip
LAYOUT = ("rfc9578/5.1/voprf-request-layout-exact", "rfc9578/6.1/rsa-request-layout-exact")
TYPED = (
    "rfc9578/5.1/voprf-request-media-type-exact", "rfc9578/6.1/rsa-request-media-type-exact",
    "rfc9578/8.1/registered-names-used",
)  # fmt: skip


# What is made of a response


def _element(octets: bytes) -> Element:
    """A point, or whatever takes its place where octets are none."""
    try:
        return P384.decode(octets)
    except DecodeError:
        return P384.generator


@fault(
    CLIENT, PROOF, MALFORMED, POINT, IDENTITY, origin="cloudflare/voprf-ts before 2023-05-08: the proof is not awaited"
)
class ProofNotVerified(Client):
    """Finalizes whatever comes."""

    def finish(self, pending: Pending, response: bytes) -> bytes:
        if isinstance(pending.key, VOPRFKey):  # type: ignore[attr-defined]
            made: Any = pending
            return SUITE.unblind(made.token_input, made.blind, _element(response[:49]))
        return super().finish(pending, response)


@fault(CLIENT, *SIGNATURE, LENGTH)
class SignatureNotVerified(Client):
    """Unblinds whatever comes."""

    def finish(self, pending: Pending, response: bytes) -> bytes:
        if isinstance(pending.key, RSAKey):  # type: ignore[attr-defined]
            made: Any = pending
            octets = response.rjust(256, b"\0")[-256:]
            return blindrsa.unblind(made.key.key, octets, made.made.inverse)
        return super().finish(pending, response)


@fault(
    CLIENT,
    MALFORMED,
    LENGTH,
    POINT,
    origin="@cloudflare/privacypass-ts 0.9.0; CIRCL before 1.6.5: octets behind a proof",
)
class ResponseWithSomethingBehind(Client):
    """Takes what it needs of a response, and leaves the rest."""

    def finish(self, pending: Pending, response: bytes) -> bytes:
        length = 145 if isinstance(pending.key, VOPRFKey) else 256  # type: ignore[attr-defined]
        return super().finish(pending, response[:length])


@fault(CLIENT, IDENTITY, MALFORMED)
class IdentityFinalized(Client):
    """Takes zeros for the identity, for which no proof says anything."""

    def finish(self, pending: Pending, response: bytes) -> bytes:
        if len(response) == 145 and not any(response[:49]):
            return bytes(48)
        return super().finish(pending, response)


@fault(CLIENT, IGNORED)
class StatusNotLookedAt(Client):
    """Takes the content for a response, whatever the status says."""

    def check_answer(self, answer: Answer) -> None:
        super().check_answer(replace(answer, status=200))


@fault(CLIENT, IGNORED)
class MediaTypeAsTextOnly(Client):
    """Compares the media type as text."""

    def check_answer(self, answer: Answer) -> None:
        super().check_answer(answer)
        if (b"Content-Type", RESPONSE_TYPE.encode()) not in answer.fields:
            raise Refused("answer", "of another media type")


# Challenges and keys


@fault(CLIENT, ACTED, STRUCTURE, CONTEXT, MATCHES, SKIPPED)
class ChallengeNotLookedAt(Client):
    """Makes a token for whatever octets it is given."""

    def check_challenge(self, challenge: bytes, token_type: int) -> None:
        del challenge, token_type


@fault(CLIENT, MATCHES, SKIPPED, ACTED, origin="@cloudflare/privacypass-ts 0.9.0, createTokenRequest")
class ChallengeOfAnotherTypeTaken(Client):
    """Makes a token of its own type for a challenge of another."""

    def check_challenge(self, challenge: bytes, token_type: int) -> None:
        del token_type
        decode_challenge(challenge)


@fault(CLIENT, CONTEXT, ACTED, origin="raphaelrobert/privacypass 0.2.0-pre.2, redemption_context()")
class ContextOfAnyLength(Client):
    """Takes a redemption context of any length."""

    def check_challenge(self, challenge: bytes, token_type: int) -> None:
        try:
            super().check_challenge(challenge, token_type)
        except DecodeError as why:
            if "redemption_context" not in why.path:
                raise


@fault(CLIENT, STRUCTURE, ACTED, origin="@cloudflare/privacypass-ts 0.9.0, TokenChallenge.deserialize")
class ChallengeWithSomethingBehind(Client):
    """Does not look whether a challenge ends where it says."""

    def check_challenge(self, challenge: bytes, token_type: int) -> None:
        try:
            super().check_challenge(challenge, token_type)
        except DecodeError as why:
            if "too many" not in why.reason:
                raise


@fault(CLIENT, POINT, COMPRESSED_KEY, IDENTITY, origin="@cloudflare/privacypass-ts 0.9.0, getTokenKeyID")
class KeyInAnyForm(Client):
    """Takes a key in any form, and hashes it as it came."""

    def key(self, token_type: int, octets: bytes) -> PublicKey:
        if token_type == 1:
            try:
                return super().key(token_type, octets)
            except DecodeError:
                return _Loose(octets)
        return super().key(token_type, octets)


class _Loose(VOPRFKey):
    """A key of which nobody looks whether it is one."""

    @property
    def element(self) -> Element:
        return _element(self.octets[:49])

    def _verified(self, blinded: Element, response: bytes) -> Element:
        del blinded
        return _element(response[:49])


@fault(CLIENT, IDENTITY, origin="CIRCL before 1.6.4; @cloudflare/voprf-ts 1.0.0")
class IdentityAsKey(Client):
    """Takes the identity for a key."""

    def key(self, token_type: int, octets: bytes) -> PublicKey:
        return _Loose(octets) if token_type == 1 and not any(octets) else super().key(token_type, octets)


# What is sent


@fault(CLIENT, "rfc9578/5.1/voprf-truncated-id-last-octet", "rfc9578/6.1/rsa-truncated-id-last-octet", *TOKENS,
       origin="drafts before 2023: the octet was taken from the front")  # fmt: skip
class FirstOctetOfTheKeyId(Client):
    """Names the key by the first octet of its id."""

    async def issued(self, challenge: bytes, issuer: str, key: PublicKey) -> bytes:
        signed = token_input(key.token_type, self.nonce(), self.digest(challenge), key.key_id)
        pending = self.begin(key, signed)
        octets = bytearray(token_request(key, self.sent(pending)).encode())
        octets[2] = key.key_id[0]
        answer = await self.post(await self.request_url(issuer), bytes(octets))
        self.check_answer(answer)
        return signed + self.finish(pending, answer.content)


@fault(CLIENT, *LAYOUT, "rfc9578/5.1/blinded-element-compressed", *TOKENS)
class UncompressedElementSent(Client):
    """Sends a point that is not compressed."""

    def sent(self, pending: Pending) -> bytes:
        return b"\4" + bytes(96) if len(pending.blinded) == 49 else super().sent(pending)


@fault(CLIENT, *LAYOUT, "rfc9474/4.2/blinded-msg-left-padded", *TOKENS)
class NumberWithoutPadding(Client):
    """Sends a number without the zeros in front of it; here it loses its first octet whatever that is."""

    def sent(self, pending: Pending) -> bytes:
        return pending.blinded[1:] if len(pending.blinded) == 256 else super().sent(pending)


@fault(CLIENT, *TYPED, *TOKENS, origin="cloudflare/pat-app: message/token-request")
class RequestOfAnOlderType(Client):
    """Calls its requests by a name that a draft had."""

    def request_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"content-type", b"message/token-request"), (b"accept", RESPONSE_TYPE.encode()))


@fault(CLIENT, "rfc9578/5.1/accept-field-sent")
class AcceptNotSent(Client):
    """Does not say what it takes."""

    def request_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"content-type", REQUEST_TYPE.encode()),)


@fault(CLIENT, "rfc9576/3.5.2/identifying-data-minimised")
class CookiesSent(Client):
    """Sends a cookie along."""

    def request_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return (*super().request_fields(), (b"cookie", b"id=4711"))


@fault(CLIENT, "rfc9576/3.5/challenge-and-nonce-hidden", "rfc9576/3.5.2/identifying-data-minimised")
class OriginTold(Client):
    """Tells the issuer which origin the token is for."""

    def request_fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return (*super().request_fields(), (b"referer", b"https://origin.example/page"))


@fault(CLIENT, "rfc9578/4/relative-request-uri-resolved", origin="@cloudflare/privacypass-ts 0.9.0, getIssuerUrl")
class ReferencesConcatenated(Client):
    """Puts the reference behind the issuer's origin."""

    def resolved(self, base: str, reference: str) -> str:
        parts = urlsplit(base)
        return reference if "://" in reference else f"{parts.scheme}://{parts.netloc}/{reference.lstrip('/')}"


@fault(CLIENT, "rfc9578/4/relative-request-uri-resolved")
class OnlyPathsResolved(Client):
    """Takes whatever is written for a path."""

    def resolved(self, base: str, reference: str) -> str:
        return urljoin(base, "/" + reference.lstrip("/"))


@fault(CLIENT, "rfc9578/4/unknown-directory-entries-tolerated")
class DirectoryReadByItsForm(Client):
    """Has a form for directories, and refuses whatever more there is."""

    async def fetch(self, method: bytes, url: str, fields: Any, content: bytes | None = None) -> Answer:
        answer = await super().fetch(method, url, fields, content)
        if method == b"GET" and any(word in answer.content for word in (b"65535", b'"x-')):
            raise Refused("directory", "it has something unknown")
        return answer


# The token


@fault(CLIENT, "rfc9577/2.1.4/token-nonce-never-reused")
class NonceReused(Client):
    """Has one nonce for all its tokens."""

    def nonce(self) -> bytes:
        return bytes(32)


@fault(CLIENT, "rfc9497/3.3.2/blind-scalar-fresh-nonzero", "rfc9576/3.5/challenge-and-nonce-hidden",
       "rfc9577/2.1.4/token-nonce-never-reused")  # fmt: skip
class SameSeedForEveryToken(Client):
    """Begins each token with the same random numbers."""

    async def issued(self, challenge: bytes, issuer: str, key: PublicKey) -> bytes:
        self.rng = random.Random(1)
        return await super().issued(challenge, issuer, key)


@fault(CLIENT, *TOKENS)
class DigestOfAnotherForm(Client):
    """Writes the challenge anew before it hashes it, with names in small letters."""

    def digest(self, challenge: bytes) -> bytes:
        return challenge_digest(challenge.replace(b"Origin.EXAMPLE", b"origin.example"))


@fault(CLIENT, *TOKENS)
class TruncatedKeyIdInTokens(Client):
    """Puts the one octet that names the key into the token, and zeros in front of it."""

    async def issued(self, challenge: bytes, issuer: str, key: PublicKey) -> bytes:
        token = await super().issued(challenge, issuer, key)
        return token[:66] + bytes(31) + token[97:]


FAULTS: tuple[Fault, ...] = faults_of(__name__)
