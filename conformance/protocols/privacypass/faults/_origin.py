"""Faults of origins (RFC 9577, Sections 2.1 and 2.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance.bench import Fault, fault, faults_of
from conformance.crypto import blindrsa
from conformance.net import ServerExchange
from conformance.protocols.privacypass.messages import (
    AUTHENTICATOR_LENGTHS,
    Refused,
    RSAKey,
    Token,
    TokenChallenge,
    auth,
    base64url,
    challenge_digest,
    decode_token,
    parse_credentials,
    token_challenge,
    unbase64,
)
from conformance.protocols.privacypass.peers import Origin
from conformance.wire import DecodeError, Message
from conformance.wire.http import values

ORIGIN = "privacypass.origin"
AGAIN, CARRIED = "rfc9577/general/bad-credentials-get-401", "rfc9577/general/401-carries-www-authenticate"
LENGTH, DIGEST = "rfc9577/2.2.1/wrong-length-token-refused", "rfc9577/2.2.2/unknown-challenge-digest-refused"
FORGED = ("rfc9577/2.2.3/forged-authenticator-refused", "rfc9576/3.5/forged-token-refused")
PSS, CANONICAL = "rfc9578/6.4/other-pss-parameters-refused", "rfc9474/4.5/non-canonical-signature-refused"
GREASE = "rfc9577/6.2.1/greased-token-refused-cleanly"
SPENT = ("rfc9577/2.2.2/spent-nonce-refused", "rfc9577/5.2/side-effects-need-anti-replay")
SCHEME, NAMES = "rfc9577/2/scheme-name-case-insensitive", "rfc9577/general/parameter-names-case-insensitive"
GRAMMAR = "rfc9577/general/full-header-grammar-handled"
FORMS, UNKNOWN = (
    "rfc9577/2.2.2/token-quoted-or-bare-accepted",
    "rfc9577/2.2.2/unknown-credential-parameters-ignored",
)
WANTED, QUOTED = "rfc9577/2.1/missing-token-challenged", "rfc9577/2.1.2/padded-value-quoted"
TOKENS = (LENGTH, DIGEST, *FORGED, PSS, CANONICAL, GREASE, *SPENT)


# What a refusal is


@fault(ORIGIN, AGAIN, origin="cloudflare/privacypass-origin, src/index.ts")
class BadTokenGets400(Origin):
    """Answers 400 to a token that is none, and asks for no other."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.give(exchange, 400, (), str(why).encode())


@fault(ORIGIN, AGAIN, *TOKENS, NAMES, "rfc9578/6.4/psszero-acceptance-ambiguous")
class BadTokenGets500(Origin):
    """Takes a token that is none for a failure of its own."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.give(exchange, 500, (), str(why).encode())


@fault(ORIGIN, CARRIED)
class RefusalWithoutChallenge(Origin):
    """Answers 401 to a token that is none, and does not say what is wanted."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.give(exchange, 401, (), str(why).encode())


@fault(ORIGIN, GREASE, AGAIN, shows=("violation", "crash"))
class ReservedTypeClosesTheConnection(Origin):
    """Closes the connection where it does not know the type of a token."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, DecodeError) and why.path.endswith("token_type"):
            await exchange.close()
        else:
            await super().refuse(exchange, why)


@fault(ORIGIN, AGAIN)
class RefusalsAreRemembered(Origin):
    """Takes nothing more on a connection that saw a refusal."""

    async def handle(self, exchange: ServerExchange) -> None:
        state = exchange.connection.state
        if state.get("refused") and values(exchange.request.fields, b"authorization"):
            await self.challenge(exchange)
        else:
            await super().handle(exchange)

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        exchange.connection.state["refused"] = True
        await super().refuse(exchange, why)


# The credentials


@fault(
    ORIGIN, FORMS, UNKNOWN, GRAMMAR, origin="cloudflare/privacypass-origin before 2025-02-07: quotes made atob throw"
)
class QuotesNotTaken(Origin):
    """Decodes what stands behind the equals sign, quotes and all, unless they are missing."""

    def token_octets(self, value: bytes) -> bytes:
        octets = super().token_octets(value)
        if re.search(rb'token ?= ?"', value, re.IGNORECASE):
            raise DecodeError("authorization", 0, "no Base 64")
        return octets


@fault(ORIGIN, FORMS, UNKNOWN)
class QuotesDemanded(Origin):
    """Takes a token only in quotes."""

    def token_octets(self, value: bytes) -> bytes:
        if b'"' not in value:
            raise DecodeError("authorization", 0, "no quotes")
        return super().token_octets(value)


@fault(ORIGIN, UNKNOWN, FORMS, GRAMMAR, origin="@exact-realty/privacypass 1.0.2: one pattern for the whole field")
class OnePatternForTheField(Origin):
    """Takes the field only in the one form that it expects."""

    def token_octets(self, value: bytes) -> bytes:
        if not re.fullmatch(rb'(?i:PrivateToken) (?i:token)="?[\w\-=]*"?', value):
            raise DecodeError("authorization", 0, "another form")
        return super().token_octets(value)


@fault(ORIGIN, UNKNOWN)
class TokenMustBeFirst(Origin):
    """Looks for the token in the first parameter."""

    def token_octets(self, value: bytes) -> bytes:
        found = parse_credentials(value)
        if not found.params or found.params[0].name.lower() != b"token":
            raise DecodeError("authorization", 0, "no token in front")
        return super().token_octets(value)


@fault(ORIGIN, SCHEME, origin="@cloudflare/privacypass-ts 0.9.0, private_token.ts")
class SchemeAsText(Origin):
    """Compares the name of the scheme as text."""

    def token_octets(self, value: bytes) -> bytes:
        if not value.startswith(b"PrivateToken "):
            raise DecodeError("authorization", 0, "another scheme")
        return super().token_octets(value)


@fault(ORIGIN, NAMES, origin="@cloudflare/privacypass-ts 0.9.0, private_token.ts")
class ParameterAsText(Origin):
    """Compares the names of parameters as text."""

    def token_octets(self, value: bytes) -> bytes:
        if not any(p.name == b"token" for p in parse_credentials(value).params):
            raise DecodeError("authorization", 0, "no token")
        return super().token_octets(value)


@fault(ORIGIN, NAMES, AGAIN, *FORGED)
class SecondTokenFails(Origin):
    """Falls where a parameter or the whole field stands twice, or where there is no token in it."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, DecodeError) and why.path.startswith("auth"):
            await self.give(exchange, 500, (), b"")
        else:
            await super().refuse(exchange, why)


@fault(ORIGIN, AGAIN, *FORGED)
class AnySchemeTaken(Origin):
    """Does not look at the scheme."""

    def token_octets(self, value: bytes) -> bytes:
        found = parse_credentials(value)
        text = found.value(b"token")
        return super().token_octets(value) if text is None else unbase64(text, "token")


@fault(ORIGIN, AGAIN, *FORGED)
class NoTokenIsFine(Origin):
    """Gives what it protects to whoever brings credentials, and looks at the token if there is one."""

    def redeem(self, value: bytes) -> None:
        try:
            octets = self.token_octets(value)
        except DecodeError:
            return
        token = self.read(octets)
        self.check_challenge(token)
        self.check_authenticator(token)
        self.spend(token)


# The token


@fault(ORIGIN, LENGTH, origin="@cloudflare/privacypass-ts 0.9.0, deserialize")
class OctetsBehindATokenIgnored(Origin):
    """Takes what it needs of a token, and leaves the rest."""

    def read(self, octets: bytes) -> Token:
        length = 98 + AUTHENTICATOR_LENGTHS.get(int.from_bytes(octets[:2], "big"), 0)
        return super().read(octets[:length])


@fault(ORIGIN, DIGEST, origin="cloudflare/privacypass-origin: the challenge is a constant that nobody compares")
class ChallengeNotCompared(Origin):
    """Takes a token for whatever challenge."""

    def check_challenge(self, token: Token) -> None:
        del token


@fault(ORIGIN, *FORGED, PSS, CANONICAL, AGAIN, SPENT[0], "rfc9578/6.4/psszero-acceptance-ambiguous")
class AuthenticatorNotChecked(Origin):
    """Takes a token for a challenge of its own, whoever made it."""

    def check_authenticator(self, token: Token) -> None:
        del token


@fault(ORIGIN, *FORGED)
class KeyIdNotChecked(Origin):
    """Tries its keys one after the other, whatever the token names."""

    def check_authenticator(self, token: Token) -> None:
        for kind in (token.token_type,):
            for octets in self.keys(kind):
                key_id = challenge_digest(octets)
                try:
                    return super().check_authenticator(_Named(token, key_id))  # type: ignore[arg-type]
                except Refused:
                    continue
        raise Refused("authenticator", "it does not hold under any key")


class _Named:
    """A token that names another key, though its authenticator is about what it said."""

    def __init__(self, token: Token, key_id: bytes) -> None:
        self.token_type, self.key_id = token.token_type, key_id
        self.authenticator, self.signed = token.authenticator, token.signed


@fault(
    ORIGIN,
    PSS,
    *FORGED,
    "rfc9578/6.4/psszero-acceptance-ambiguous",
    origin="CIRCL before 1.6.5, where the salt's length is found by itself",
)
class SaltOfAnyLength(Origin):
    """Finds the length of the salt by itself."""

    def verified(self, key: RSAKey, token: Token) -> bool:
        ways = (replace(blindrsa.PSS_DETERMINISTIC, salt_length=n) for n in (48, 0, 20, 32, 64))
        return any(way.verify(key.key, token.signed, token.authenticator) for way in ways)


@fault(ORIGIN, CANONICAL, *FORGED, origin="CIRCL before 1.6.4: s + n")
class SignatureReduced(Origin):
    """Takes a signature that is not below the modulus."""

    def verified(self, key: RSAKey, token: Token) -> bool:
        number = int.from_bytes(token.authenticator, "big") % key.key.n
        return super().verified(key, replace(token, authenticator=number.to_bytes(256, "big")))


@fault(ORIGIN, "rfc9578/4/any-listed-key-verifies")
class OtherKeysFail(Origin):
    """Falls over a token under a key that is not the first."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await (self.give(exchange, 500, (), b"") if str(why) == "key: not the first" else super().refuse(exchange, why))

    def check_authenticator(self, token: Token) -> None:
        if token.key_id == challenge_digest(self.keys(token.token_type)[1]):
            raise Refused("key", "not the first")
        super().check_authenticator(token)


# Spending


@fault(ORIGIN, *SPENT, origin="cloudflare/privacypass-origin keeps no account of nonces")
class NothingIsSpent(Origin):
    """Keeps no account of nonces."""

    def spend(self, token: Token) -> None:
        del token


@fault(ORIGIN, SPENT[0], origin="raphaelrobert/privacypass before 2026-02-17: looked, and then wrote")
class SpentALittleLater(Origin):
    """Looks whether a nonce was there, and writes it down a moment later."""

    def looked_at(self, lines: Sequence[bytes]) -> Token:
        token = decode_token(self.token_octets(lines[0] if lines else b""))
        if token.nonce in self.spent:
            raise Refused("spent", "it was there before")
        self.check_challenge(token)
        self.check_authenticator(token)
        return token

    async def handle(self, exchange: ServerExchange) -> None:
        lines = values(exchange.request.fields, b"authorization")
        try:
            token = self.looked_at(lines)
        except (DecodeError, Refused) as why:
            await self.refuse(exchange, why)
            return
        await asyncio.sleep(0.01)
        self.spent.add(token.nonce)
        await self.give(exchange, 200, (), b"here it is\n")


@fault(ORIGIN, SPENT[0], origin="raphaelrobert/privacypass before 2026-02-17: a failure could burn a nonce")
class FailureSpends(Origin):
    """Writes down the nonce before it looks at anything else."""

    def redeem(self, value: bytes) -> None:
        token = self.read(self.token_octets(value))
        self.spend(token)
        self.check_challenge(token)
        self.check_authenticator(token)


@fault(ORIGIN, SPENT[1], SPENT[0])
class SpentPerConnection(Origin):
    """Keeps account of nonces with the connection."""

    async def handle(self, exchange: ServerExchange) -> None:
        self.spent = exchange.connection.state.setdefault("spent", set())
        await super().handle(exchange)


@fault(ORIGIN, "rfc9577/2.2.2/cross-connection-redemption-allowed", *SPENT)
class OtherConnectionFails(Origin):
    """Falls over a token whose challenge went out on another connection."""

    async def handle(self, exchange: ServerExchange) -> None:
        lines = values(exchange.request.fields, b"authorization")
        if lines and not exchange.connection.state.get("asked"):
            await self.give(exchange, 500, (), b"")
        else:
            await super().handle(exchange)

    async def challenge(self, exchange: ServerExchange) -> None:
        exchange.connection.state["asked"] = True
        await super().challenge(exchange)


# The challenge


@fault(ORIGIN, WANTED, AGAIN)
class AsksOnlyForPlainRequests(Origin):
    """Falls over a query or a cookie."""

    async def challenge(self, exchange: ServerExchange) -> None:
        asked = exchange.request
        if b"?" in asked.target or any(n.lower() == b"cookie" for n, _ in asked.fields):
            await self.give(exchange, 500, (), b"")
        else:
            await super().challenge(exchange)


@fault(ORIGIN, QUOTED, WANTED, origin="@cloudflare/privacypass-ts 0.9.0, toString; raphaelrobert/privacypass; pat-app")
class PaddingWithoutQuotes(Origin):
    """Writes parameters without quotes, whatever padding they have."""

    def offered(self, token_type: int, authority: bytes) -> Message:
        octets = self.issued(token_type, authority)
        return auth(self.params(octets, self.keys(token_type)[0]), quoted=False)


@fault(ORIGIN, WANTED)
class CommaForgotten(Origin):
    """Writes parameters one behind the other."""

    def offered(self, token_type: int, authority: bytes) -> Message:
        octets = super().offered(token_type, authority).encode()
        return Message(text=octets.replace(b'", ', b'" ', 1) if token_type == 1 else octets)


class Params(Origin):
    """Writes the parameters of a challenge in a way of its own."""

    def param(self, name: bytes, value: bytes) -> list[tuple[bytes, Any]]:
        return [(name, value)]

    def params(self, challenge: bytes, token_key: bytes) -> list[tuple[bytes, Any]]:
        return [one for n, v in super().params(challenge, token_key) for one in self.param(n, v)]


@fault(ORIGIN, "rfc9577/2.1.2/challenge-base64url-padded", origin="Quicr/privacypass-cpp before 2026-05-28")
class ChallengeWithoutPadding(Params):
    """Writes challenges without padding."""

    def param(self, name: bytes, value: bytes) -> list[tuple[bytes, Any]]:
        return [(name, value.rstrip(b"="))] if name == b"challenge" else [(name, value)]


@fault(ORIGIN, "rfc9577/2.1.2/token-key-base64url-padded", origin="raphaelrobert/privacypass before 2023-10")
class KeyInTheOtherAlphabet(Params):
    """Writes keys in the letters of Base 64 that are not safe in URLs."""

    def param(self, name: bytes, value: bytes) -> list[tuple[bytes, Any]]:
        other = value.replace(b"-", b"+").replace(b"_", b"/")
        return [(name, other)] if name == b"token-key" else [(name, value)]


@fault(ORIGIN, "rfc9577/2.1.2/max-age-in-seconds")
class AgeWithAUnit(Params):
    """Says for how long a challenge holds, with a unit."""

    def param(self, name: bytes, value: bytes) -> list[tuple[bytes, Any]]:
        return [(name, value + b"s")] if name == b"max-age" else [(name, value)]


@fault(ORIGIN, NAMES)
class ParameterTwice(Params):
    """Writes the age twice."""

    def param(self, name: bytes, value: bytes) -> list[tuple[bytes, Any]]:
        return [(name, value)] * (2 if name == b"max-age" else 1)


@fault(ORIGIN, "rfc9577/2.1.2/challenge-parameter-required", WANTED)
class ChallengeForgotten(Origin):
    """Offers one challenge more, without the challenge."""

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        return [*super().offers_for(authority), auth([(b"max-age", b"10")])]


@fault(ORIGIN, "rfc9577/2.1.2/token-key-encoding-per-type", "rfc9578/6.5/*", "rfc9578/5.5/*",
       origin="servers that put the same key beside each challenge")  # fmt: skip
class KeyOfAnotherType(Origin):
    """Offers one challenge more, with the key of another type beside it."""

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        more = auth(self.params(self.issued(1, authority), self.keys(2)[0]))
        return [*super().offers_for(authority), more]


@fault(ORIGIN, "rfc9577/4/challenge-count-kept-small")
class ManyChallenges(Origin):
    """Offers a dozen challenges."""

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        offers = list(super().offers_for(authority))
        while len(offers) < 12:
            offers += super().offers_for(authority)
        return offers


class OtherStructure(Origin):
    """Offers one challenge more, with something wrong in it."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return challenge

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        octets = token_challenge(self.wrong(self.made(2, authority))).encode()
        return [*super().offers_for(authority), auth(self.params(octets, self.keys(2)[0]))]


@fault(ORIGIN, "rfc9577/2.1.1/issuer-name-non-empty-ascii")
class IssuerWithoutAName(OtherStructure):
    """Does not say which issuer it trusts."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, issuer=b"")


@fault(ORIGIN, "rfc9577/2.1.1/redemption-context-0-or-32", origin="field: contexts of 16 octets, as clients met them")
class ContextOf16(OtherStructure):
    """Has contexts of 16 octets."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, context=bytes(range(16)))


@fault(ORIGIN, "rfc9577/2.1.1/origin-info-bare-comma-list", "rfc9577/2.1.1/origin-info-includes-challenger")
class NamesWithSpaces(OtherStructure):
    """Puts a space behind each comma between names."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, origins=(*challenge.origins, b" other.example"))


@fault(ORIGIN, "rfc9577/2.1.1.1/names-host-with-optional-port", "rfc9577/2.1.1/*")
class NamesAreURLs(OtherStructure):
    """Writes URLs where names belong."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, origins=(b"https:origin", *challenge.origins))


@fault(ORIGIN, "rfc9577/2.1.1.1/userinfo-in-names-refused")
class NamesWithUsers(OtherStructure):
    """Puts a user in front of a name."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, origins=(*challenge.origins, b"user@other.example"))


@fault(ORIGIN, "rfc9577/2.1.1/origin-info-includes-challenger")
class OtherOriginsOnly(OtherStructure):
    """Asks for a token that is good elsewhere."""

    def wrong(self, challenge: TokenChallenge) -> TokenChallenge:
        return replace(challenge, origins=(b"other.example",))


@fault(ORIGIN, "rfc9577/2.1.1/challenge-starts-with-token-type")
class SomethingBehindTheChallenge(Origin):
    """Offers one challenge more, with an octet behind it."""

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        octets = token_challenge(self.made(2, authority)).encode() + b"\0"
        return [*super().offers_for(authority), auth([(b"challenge", base64url(octets))])]


@fault(ORIGIN, "rfc9577/5.1/random-values-from-csprng", "rfc9577/2.1.1.2/per-request-context-fresh", *SPENT, DIGEST,
       origin="cloudflare/privacypass-origin: 32 octets that are all 0xFE")  # fmt: skip
class ContextIsConstant(Origin):
    """Has one context for ever."""

    def context(self) -> bytes:
        return b"\xfe" * 32


FAULTS: tuple[Fault, ...] = faults_of(__name__)
