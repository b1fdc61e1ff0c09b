"""Faults of issuers in what they make of requests (RFC 9578, Sections 5 and 6)."""

from __future__ import annotations

import itertools
from typing import Any

from conformance.bench import Fault, fault, faults_of
from conformance.crypto.groups import Element
from conformance.model import Change
from conformance.net import ServerExchange
from conformance.protocols.privacypass.messages import (
    BLINDED_LENGTHS,
    P384,
    TYPES,
    VOPRF,
    PrivateKey,
    PrivateRSAKey,
    PrivateVOPRFKey,
    Refused,
    TokenRequest,
    VOPRFKey,
    voprf_response,
)
from conformance.protocols.privacypass.peers import Issuer, rsa_key, voprf_key
from conformance.wire import DecodeError, Message, Reader

ISSUER = "privacypass.issuer"
TYPE_422 = ("rfc9578/5.2/voprf-unsupported-type-422", "rfc9578/6.2/rsa-unsupported-type-422")
KEY_422 = ("rfc9578/5.2/voprf-unknown-key-id-422", "rfc9578/6.2/rsa-unknown-key-id-422")
SIZE_422 = ("rfc9578/5.2/voprf-blinded-msg-size-422", "rfc9578/6.2/rsa-blinded-msg-size-422")
POINT = ("rfc9578/5.2/invalid-blinded-msg-422", "rfc9497/4.4/invalid-p384-point-refused")
IDENTITY = "rfc9497/3.3/identity-element-refused"
RANGE = ("rfc9578/6.2/out-of-range-representative-refused", "rfc9474/4.3/out-of-range-representative-refused")
RSA_SUCCESS = "rfc9578/6.2/rsa-success-response-exact"
PROOF, LAYOUT = "rfc9578/5.2/evaluation-under-selected-key", "rfc9578/5.2/voprf-response-layout-exact"
SUCCESS = ("rfc9578/5.2/voprf-success-200-and-type", RSA_SUCCESS)
ERRORS = "rfc9578/5.2/policy-refusal-uses-4xx"
GREASE = "rfc9577/6.2.1/grease-types-reserved"
ALL_422 = (*TYPE_422, *KEY_422, *SIZE_422, *POINT, IDENTITY, *RANGE, GREASE)
HONEST = "rfc9576/3.5/concurrent-issuance-safe"


# Statuses


@fault(ISSUER, *TYPE_422, *KEY_422, GREASE, origin="cloudflare/privacypass-issuer, src/errors.ts")
class UnknownTypeAndKeyGet400(Issuer):
    """Answers 400 to a type that it does not have, and to a key that it does not have."""

    def refusal_status(self, why: DecodeError | Refused) -> int:
        named = (isinstance(why, Refused) and why.step == "key") or getattr(why, "path", "").endswith("token_type")
        return 400 if named else 422


@fault(ISSUER, *ALL_422, origin="cloudflare/pat-app, commands/issuer.go")
class EverythingWrongGets400(Issuer):
    """Answers 400 to whatever it cannot use."""

    def refusal_status(self, why: DecodeError | Refused) -> int:
        del why
        return 400


@fault(ISSUER, *ALL_422, ERRORS, RSA_SUCCESS, origin="servers that call privacypass-ts 0.9.0 and map no error")
class EverythingWrongGets500(Issuer):
    """Lets the errors of its library become its own: 500."""

    def refusal_status(self, why: DecodeError | Refused) -> int:
        del why
        return 500


@fault(
    ISSUER,
    *SIZE_422,
    *TYPE_422,
    *POINT,
    IDENTITY,
    ERRORS,
    origin="cloudflare/privacypass-issuer: an undecodable body is a plain error",
)
class UndecodableGets500(Issuer):
    """Takes a request that is too short to be read for an error of its own."""

    def refusal_status(self, why: DecodeError | Refused) -> int:
        return 500 if "wanted" in str(why) else 422


@fault(ISSUER, *TYPE_422, *SIZE_422, GREASE, origin="cloudflare/pat-app: an unknown type gets 200 and nothing")
class UnknownTypeGetsNothing(Issuer):
    """Answers 200 without content where it does not know the type."""

    async def issue(self, exchange: ServerExchange) -> None:
        if int.from_bytes(exchange.request.content[:2], "big") not in TYPES:
            await self.send(exchange, b"")
        else:
            await super().issue(exchange)


@fault(ISSUER, *SIZE_422, shows=("violation", "crash"), origin="cloudflare/pat-app: two octets are read without a look")
class EmptyRequestBreaksIt(Issuer):
    """Reads the type of a request that has none, and falls."""

    async def issue(self, exchange: ServerExchange) -> None:
        if len(exchange.request.content) < 3:
            await exchange.close()
        else:
            await super().issue(exchange)


@fault(ISSUER, *SUCCESS)
class IssuesWith201(Issuer):
    """Says that it created something."""

    def success_status(self) -> int:
        return 201


# The key


@fault(ISSUER, *KEY_422, PROOF, RSA_SUCCESS, origin="cloudflare/pat-app, issue 10; torlnapp/privacypass-issuer")
class KeyIdIgnored(Issuer):
    """Uses its first key of the type, whatever the request names."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        return next(k for k in self.keys if k.public.token_type == request.token_type)


class FirstOctetNamesTheKey(Issuer):
    """Looks at the first octet of key ids where the last one names the key, besides."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        for key in self.keys:
            octets = (key.public.key_id[0], key.public.truncated)
            if key.public.token_type == request.token_type and request.truncated in octets:
                return key
        return super().choose(request)


fault(ISSUER, *KEY_422, origin="drafts before 2023: the octet was taken from the front")(FirstOctetNamesTheKey)


@fault(ISSUER, *KEY_422)
class KeyIdWithinABit(Issuer):
    """Compares seven bits of the octet."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        for key in self.keys:
            if key.public.token_type == request.token_type and key.public.truncated & 0x7F == request.truncated & 0x7F:
                return key
        return super().choose(request)


@fault(ISSUER, *KEY_422)
class KeysInOnePlace(Issuer):
    """Finds a key by its octet alone, and where it is of the other type, takes one that fits."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        if any(k.public.truncated == request.truncated for k in self.keys):
            mine = [k for k in self.keys if k.public.token_type == request.token_type]
            return next((k for k in mine if k.public.truncated == request.truncated), mine[0])
        return super().choose(request)


@fault(ISSUER, PROOF, "rfc9578/6.5/rsa-key-id-hashes-spki", RSA_SUCCESS, "rfc9578/5.5/voprf-key-id-hashes-compressed",
       origin="raphaelrobert/privacypass before 2025-11-30: a key took the place of another")  # fmt: skip
class LaterKeysUseTheFirst(Issuer):
    """Knows all its keys by their ids, and evaluates with the first of the type."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        super().choose(request)
        return next(k for k in self.keys if k.public.token_type == request.token_type)


@fault(ISSUER, "rfc9578/5.5/voprf-key-id-hashes-compressed", "rfc9578/6.5/rsa-key-id-hashes-spki", PROOF, RSA_SUCCESS,
       origin="cloudflare/pat-go before 2022-12; privacypass-issuer before 2023-11-17")  # fmt: skip
class LaterKeysHaveOtherIds(Issuer):
    """Computes the id of later keys over something else than their octets."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        found = super().choose(request)
        if found not in self.keys[:2]:
            raise Refused("key", "no key has this id")
        return found


# Lengths


class Lengthy(Issuer):
    """Reads a request of any type with a length of its own choice."""

    def length(self, token_type: int, left: int) -> int:
        del left
        return BLINDED_LENGTHS[token_type]

    def ends(self, reader: Reader) -> None:
        reader.end()

    def read(self, octets: bytes) -> TokenRequest:
        reader = Reader(octets, "request")
        token_type = reader.uint(2, "token_type")
        if token_type not in TYPES:
            raise reader.fail("token_type", "the type is none of ours", 0)
        truncated = reader.uint(1, "truncated_token_key_id")
        blinded = reader.take(self.length(token_type, reader.left), "blinded_msg")
        self.ends(reader)
        return TokenRequest(token_type, truncated, blinded)


@fault(ISSUER, *SIZE_422, *TYPE_422, POINT[1], origin="@cloudflare/privacypass-ts 0.9.0, deserialize")
class TrailingOctetsIgnored(Lengthy):
    """Takes what it needs, and leaves the rest."""

    def ends(self, reader: Reader) -> None:
        reader.rest()


@fault(ISSUER, SIZE_422[0], *POINT, origin="@noble/curves 2.4.0, blindEvaluate")
class UncompressedPointsTaken(Lengthy):
    """Takes a point in whatever form it is written."""

    def length(self, token_type: int, left: int) -> int:
        return left if token_type == VOPRF else BLINDED_LENGTHS[token_type]

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        octets = request.blinded
        if len(octets) == 97 and octets[0] in {4, 6, 7} and isinstance(key.public, VOPRFKey):
            return P384.decode(bytes([2 + octets[-1] % 2]) + octets[1:49])
        return super().blinded(request, key)


@fault(ISSUER, SIZE_422[1], *RANGE)
class LongNumbersReduced(Lengthy):
    """Takes a number of any length for a message to sign, and reduces it."""

    def length(self, token_type: int, left: int) -> int:
        return BLINDED_LENGTHS[token_type] if token_type == VOPRF else left

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        if isinstance(key, PrivateRSAKey):
            return (int.from_bytes(request.blinded, "big") % key.private.n).to_bytes(256, "big")
        return super().blinded(request, key)


# What is blinded


@fault(ISSUER, *POINT, origin="cloudflare/voprf-ts 1.0.0 over SJCL: x = p")
class CoordinateReduced(Issuer):
    """Takes a coordinate that is not below the prime, and reduces it."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        if request.token_type == VOPRF and request.blinded[0] in {2, 3}:
            prime = 2**384 - 2**128 - 2**96 + 2**32 - 1
            x = int.from_bytes(request.blinded[1:], "big")
            if x >= prime:
                octets = request.blinded[:1] + (x - prime).to_bytes(48, "big")
                try:
                    return P384.decode(octets)
                except DecodeError:
                    return P384.generator
        return super().blinded(request, key)


@fault(ISSUER, *POINT)
class CurveNotChecked(Issuer):
    """Computes with whatever the octets give, though no point of the curve has that coordinate."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        try:
            return super().blinded(request, key)
        except DecodeError:
            if request.blinded[0] not in {2, 3}:
                raise
            return P384.generator


@fault(ISSUER, *POINT, IDENTITY)
class TagNotChecked(Issuer):
    """Reads the sign out of the lowest bit of the tag, and looks at no other."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        octets = request.blinded
        if request.token_type == VOPRF and octets[0] not in {2, 3} and any(octets):
            return P384.decode(bytes([2 + octets[0] % 2]) + octets[1:])
        return super().blinded(request, key)


@fault(ISSUER, IDENTITY, *POINT, origin="CIRCL before 1.6.4 took the identity; it is a public key there")
class IdentityTaken(Issuer):
    """Takes zeros for the identity, and evaluates it."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        if request.token_type == VOPRF and not any(request.blinded):
            return P384.generator
        return super().blinded(request, key)


@fault(ISSUER, PROOF, *SUCCESS, origin="CIRCL before 1.6.3: formulas of P-384 for points that are special")
class SpecialPointsMiscomputed(Issuer):
    """Comes to a wrong point where the point that it is given is the generator or its own key."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        if isinstance(key, PrivateVOPRFKey) and blinded in {P384.generator, P384.decode(key.public.octets)}:
            evaluated, proof = key.evaluate(P384.generator, self.proof_nonce())
            return voprf_response(evaluated + P384.generator, proof)
        return super().signed(key, blinded)


@fault(ISSUER, *RANGE)
class RangeNotChecked(Issuer):
    """Signs a number that is not below the modulus, for what is left of it."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        if isinstance(key, PrivateRSAKey):
            return (int.from_bytes(request.blinded, "big") % key.private.n).to_bytes(256, "big")
        return super().blinded(request, key)


@fault(ISSUER, RSA_SUCCESS, ERRORS, origin="@cloudflare/privacypass-ts 0.9.0: a TypeError inside")
class ZeroBreaksIt(Issuer):
    """Falls over the number zero."""

    async def issue(self, exchange: ServerExchange) -> None:
        if exchange.request.content[3:] == bytes(256):
            await self.refuse(exchange, 500, "TypeError")
        else:
            await super().issue(exchange)


@fault(ISSUER, RSA_SUCCESS)
class LeadingZerosRefused(Issuer):
    """Reads a number without the zeros in front of it, and finds it too short."""

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        if isinstance(key, PrivateRSAKey) and len(request.blinded.lstrip(b"\0")) < 250:
            raise DecodeError("blinded_msg", 3, "too short")
        return super().blinded(request, key)


# The response


@fault(ISSUER, "rfc9497/2.2.1/proof-nonce-never-reused")
class ProofNonceReused(Issuer):
    """Has one scalar for all proofs."""

    def proof_nonce(self) -> int:
        return 0x5EC2E7


@fault(ISSUER, PROOF)
class ProofOfAnotherKey(Issuer):
    """Evaluates with one key, and proves it with another, some of the time."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        if isinstance(key, PrivateVOPRFKey) and isinstance(blinded, Element):
            _, proof = voprf_key(2).evaluate(blinded, self.proof_nonce())
            return voprf_response(key.private * blinded, proof)
        return super().signed(key, blinded)


@fault(ISSUER, LAYOUT, PROOF, origin="PyPI voprf 0.2.0 writes the proof in front of the element")
class ProofInFront(Issuer):
    """Writes the proof in front of the element."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        made = super().signed(key, blinded)
        return Message(dict(reversed(made.parts.items()))) if isinstance(key, PrivateVOPRFKey) else made


@fault(ISSUER, LAYOUT)
class ProofWithSomethingBehind(Issuer):
    """Leaves an octet behind what it answers to requests of type 1."""

    changes = (Change("response", "evaluate_proof.s", "extend", (b"\0",)),)


@fault(ISSUER, RSA_SUCCESS, "rfc9578/6.5/rsa-key-id-hashes-spki", HONEST)
class SignsWithAnotherKey(Issuer):
    """Signs with a key that is in no directory."""

    def signature(self, key: PrivateRSAKey, blinded: bytes) -> bytes:
        del key
        return super().signature(rsa_key(2), blinded)


# Several requests


@fault(ISSUER, HONEST, "rfc9578/5.2/*", "rfc9578/6.2/*", "rfc9497/*", "rfc9576/*")
class SecondRequestGetsTheFirstResponse(Issuer):
    """Keeps the response with the connection, and gives it to the next request of the same type."""

    def issued(self, exchange: ServerExchange, octets: bytes) -> Message:
        state, kind = exchange.connection.state, octets[:2].hex()
        if kind not in state:
            state[kind] = super().issued(exchange, octets)
        made: Message = state[kind]
        return made


@fault(ISSUER, HONEST)
class ErrorsAreRemembered(Issuer):
    """Once a connection saw an error, it gets nothing else."""

    async def refuse(self, exchange: ServerExchange, status: int, why: str, more: Any = ()) -> None:
        exchange.connection.state["failed"] = True
        await super().refuse(exchange, status, why, more)

    async def handle(self, exchange: ServerExchange) -> None:
        if exchange.connection.state.get("failed"):
            await super().refuse(exchange, 400, "there was an error before")
        else:
            await super().handle(exchange)


@fault(ISSUER, HONEST, "rfc9578/5.2/*", "rfc9578/6.2/*")
class SharedStateUnderWay(Issuer):
    """Keeps the key of the newest request in one place for all, so that requests at once mix theirs up."""

    under_way = 0
    numbers = itertools.count()

    async def issue(self, exchange: ServerExchange) -> None:
        import asyncio

        type(self).under_way += 1
        try:
            await asyncio.sleep(0.002)
            if self.under_way > 4:
                await self.refuse(exchange, 503, "busy")
            else:
                await super().issue(exchange)
        finally:
            type(self).under_way -= 1


FAULTS: tuple[Fault, ...] = faults_of(__name__)
