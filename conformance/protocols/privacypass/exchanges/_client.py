"""The dialogue that the cases about clients vary: a client gets one token from our issuer, for a challenge of ours.

`accepted` means that what the client hands out is a whole token for this challenge and key, and that it verifies. Where
the challenge, or what our issuer answered, is something that a client has to refuse, a token is `accepted-anyway`.
"""

from __future__ import annotations

from typing import Any

from conformance.bench import Bench
from conformance.crypto.groups import Element
from conformance.model import ACCEPTED, ANYWAY, WRONG, Outcome, Part, exchange
from conformance.protocols.privacypass.exchanges._issuer import directory_url, get_directory, known_of
from conformance.protocols.privacypass.messages import (
    P384,
    RESPONSE_TYPE,
    TYPES,
    VARIANT,
    PrivateKey,
    PrivateRSAKey,
    PrivateVOPRFKey,
    PublicKey,
    Refused,
    RSAKey,
    TokenChallenge,
    TokenRequest,
    challenge_digest,
    decode_challenge,
    decode_request,
    decode_token,
    public_key,
    rsa_response,
    token_challenge,
    voprf_response,
)
from conformance.protocols.privacypass.peers import ISSUER, ISSUER_NAME, REQUEST_PATH, Issuer, private_key
from conformance.wire import DecodeError, Message

CLIENT_ERROR = Outcome("client-error")
"""The client gives no token."""
ORIGIN = b"origin.example"


def client_ended(part: Part) -> Outcome:
    """How a client's issuance ended."""
    reply = part.last("reply")
    if reply is None:
        return part.ending()
    if "refused" in reply.value:
        return CLIENT_ERROR
    token = part.last("decoded", "token")
    if token is None:
        return part.ending()
    if token.value["unlawful"]:
        return ANYWAY
    return WRONG.at(token.value["wrong"]) if token.value["wrong"] else ACCEPTED


# --- Issuers that lie ------------------------------------------------------------------------------------------------


class WithAnotherKey(Issuer):
    """Evaluates or signs with a key that is in no directory, and proves it rightly for that."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        return super().signed(private_key(key.public.token_type, 2), blinded)


class ProvesAnotherKey(Issuer):
    """Evaluates with a key that is in no directory, and proves what would have been right."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        if not isinstance(key, PrivateVOPRFKey) or not isinstance(blinded, Element):
            return super().signed(key, blinded)
        other = private_key(key.public.token_type, 2)
        assert isinstance(other, PrivateVOPRFKey)
        _, proof = key.evaluate(blinded, self.proof_nonce())
        return voprf_response(other.private * blinded, proof)


class ForAnotherRequest(Issuer):
    """Answers what would be right for another request."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        other: Element | bytes = P384.generator if isinstance(blinded, Element) else b"\x01" + bytes(254) + b"\x02"
        return super().signed(key, other)


class OfTheOtherType(Issuer):
    """Answers a request with a response of the other type."""

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        del blinded
        if isinstance(key, PrivateRSAKey):
            evaluated, proof = self.keys[0].evaluate(P384.generator, 5)  # type: ignore[union-attr]
            return voprf_response(evaluated, proof)
        return rsa_response(bytes(255) + b"\2")


class WithAnyKey(Issuer):
    """Answers whatever key a request names, so that what a client makes of a key of ours that is none is seen."""

    def choose(self, request: TokenRequest) -> PrivateKey:
        return next(k for k in self.keys if k.public.token_type == request.token_type)


def at(uri: str, path: bytes = REQUEST_PATH) -> type[Issuer]:
    """An issuer whose directory says otherwise where requests go; `{origin}` is its own origin."""

    class Elsewhere(Issuer):
        """An issuer with another reference in its directory."""

        def request_uri(self) -> str:
            assert self._server is not None
            return uri.format(origin=self._server.url)

        def request_path(self) -> bytes:
            return path

    return Elsewhere


# --- The dialogue ----------------------------------------------------------------------------------------------------


@exchange("privacypass.client", client_ended, over={"type": TYPES}, meets=("privacypass.issuer",))
async def obtain(
    bench: Bench,
    live: None = None,
    issuer: type[Issuer] = Issuer,
    token_key: bytes | None = None,
    origins: tuple[bytes, ...] = (ORIGIN,),
    context: int = 32,
) -> None:
    """A challenge and a key are given to the client, which asks our issuer and hands out a token."""
    del live
    if issuer is not Issuer and bench.other("privacypass.issuer") is not None:
        bench.absent("it takes an issuer of ours that does otherwise than it should")
    served = await bench.counterpart("privacypass.issuer", issuer)
    key = await _key(bench, served.url)
    made = TokenChallenge(key.token_type, ISSUER_NAME, bench.rng.randbytes(context), origins)
    challenge = bench.point("challenge", token_challenge(made)).octets
    given: dict[str, Any] = {
        "challenge": challenge.hex(),
        "issuer": served.url,
        "token_key": (token_key or key.octets).hex(),
        "type": key.token_type,
    }
    reply = await bench.do("privacypass.client.issue", **given)
    if "ok" in reply:
        unlawful = "the key is none" if token_key not in {None, key.octets} else _unlawful(bench, key, challenge)
        _look(bench, key, challenge, reply["ok"].get("token"), unlawful)


async def _key(bench: Bench, url: str) -> PublicKey:
    """The key of this variant's type: our issuer's first, or the first in the directory of another."""
    wanted = bench.variant["type"]
    if bench.other("privacypass.issuer") is None:
        return private_key(wanted).public
    where = directory_url(url)
    answer = await get_directory(bench, await bench.connect(where), where)
    found = known_of(where, answer.content).of_type(wanted)
    if not found:
        bench.absent(f"the issuer has no key of type {wanted}")
    return found[0]


def _look(bench: Bench, key: PublicKey, challenge: bytes, text: Any, unlawful: str) -> None:
    """Record what is to be said of a token that a client hands out."""
    octets, wrong = b"", ""
    try:
        octets = bytes.fromhex(text)
        wrong = token_wrong(octets, key, challenge, ours=bench.other("privacypass.issuer") is None)
    except (TypeError, ValueError):
        wrong = "no octets"
    bench.saw("decoded", "token", octets=octets, wrong=wrong, unlawful=unlawful)


def token_wrong(octets: bytes, key: PublicKey, challenge: bytes, *, ours: bool = True) -> str:
    """What is wrong with a token for a challenge under a key, or an empty string."""
    try:
        token = decode_token(octets)
    except DecodeError as why:
        return str(why)
    if token.token_type != key.token_type:
        return "another type"
    if token.digest != challenge_digest(challenge):
        return "another challenge"
    if token.key_id != key.key_id:
        return "another key"
    if isinstance(key, RSAKey):
        return "" if VARIANT.verify(key.key, token.signed, token.authenticator) else "the signature is invalid"
    if not ours:
        return ""
    private = next(k for n in (0, 1) if (k := private_key(1, n)).public.octets == key.octets)
    assert isinstance(private, PrivateVOPRFKey)
    return "" if private.authenticator(token.signed) == token.authenticator else "the authenticator is another"


def _unlawful(bench: Bench, key: PublicKey, challenge: bytes) -> str:
    """Why a client has to refuse what it got, or an empty string."""
    part = bench.record
    try:
        if decode_challenge(challenge).token_type != key.token_type:
            return "the challenge is of another type"
    except DecodeError as why:
        return str(why)
    if bench.other("privacypass.issuer") is not None:
        return ""
    answer, asked = part.sent("answer"), part.last("received", "privacypass.issuer", where=ISSUER)
    if answer is None or asked is None:
        return ""
    fields = answer.fields
    if fields.get("status") != b"200":
        return "another status"
    if _media_type(fields) != RESPONSE_TYPE.encode():
        return "another media type"
    content = next((asked.octets[s.start : s.end] for s in asked.spans if s.path == "content"), b"")
    try:
        key.check(decode_request(content).blinded, fields["content"])
    except (DecodeError, Refused) as why:
        return str(why)
    return ""


def _media_type(fields: Any) -> bytes:
    for path, octets in fields.items():
        if path.endswith(".name") and octets.lower() == b"content-type":
            found: bytes = fields.get(path.removesuffix("name") + "value", b"")
            return found.partition(b";")[0].strip().lower()
    return b""


__all__ = ["CLIENT_ERROR", "at", "client_ended", "obtain", "public_key", "token_wrong"]
