"""The reference origin (RFC 9577, Sections 2.1 and 2.2): every step a method, so that a fault replaces one of them.

GET without a token → 401, with a challenge for each type
GET with a token    → read the credentials → read the token → its challenge → its authenticator → spend the nonce
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from conformance.bench import Peer, RoleOffer, Served
from conformance.net import Server, ServerExchange, serve
from conformance.protocols.privacypass.messages import (
    BLIND_RSA,
    VARIANT,
    VOPRF,
    PrivateVOPRFKey,
    Refused,
    RSAKey,
    Token,
    TokenChallenge,
    VOPRFKey,
    auth,
    challenge_digest,
    challenge_params,
    decode_token,
    public_key,
    token_challenge,
    token_of,
)
from conformance.protocols.privacypass.peers._keys import trusted
from conformance.wire import DecodeError, Message
from conformance.wire.http import FieldLines, response, values

Line = tuple[bytes, Any]
MAX_AGE = 600


class Origin(Peer):
    """Origin that trusts the issuer in `options["issuer"]`: its name, its keys, those of type 1 with their secret."""

    role: ClassVar[str] = "privacypass.origin"
    offers: ClassVar[RoleOffer] = RoleOffer(variants={"http": (1, 2), "type": (BLIND_RSA, VOPRF)})

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self.issuer: Mapping[str, Any] = self.options.get("issuer") or trusted()
        self.challenges: dict[bytes, int] = {}
        self.spent: set[bytes] = set()
        self._server: Server | None = None

    async def start(self) -> Served:
        """Begin to serve on loopback (`listen` and `port` in the options say where)."""
        host, port = self.options.get("listen", "127.0.0.1"), self.options.get("port", 0)
        self._server = await serve(self.handle, host=host, port=port)
        return Served(self._server.url + "/protected")

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.close()

    # HTTP

    async def handle(self, exchange: ServerExchange) -> None:
        """One request for what is protected."""
        lines = values(exchange.request.fields, b"authorization")
        if not lines:
            await self.challenge(exchange)
            return
        try:
            self.redeem(self.credentials(exchange.request.fields))
        except (DecodeError, Refused) as why:
            await self.refuse(exchange, why)
        else:
            await self.give(exchange, 200, (), b"here it is\n")

    def credentials(self, fields: FieldLines) -> bytes:
        """The value of Authorization; DecodeError where it stands several times, since it is no list."""
        lines = values(fields, b"authorization")
        if len(lines) != 1:
            raise DecodeError("authorization", 0, f"{len(lines)} lines")
        return lines[0]

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        """Answer credentials that are none: with a challenge, as if there had been nothing (RFC 9110, 11.4)."""
        del why
        await self.challenge(exchange)

    async def give(self, exchange: ServerExchange, status: int, fields: Sequence[Line], content: bytes) -> None:
        """Let a response leave."""
        content_fields = [(b"Content-Type", b"text/plain"), (b"Cache-Control", b"no-store")]
        if exchange.request.method == b"HEAD":
            content_fields.append((b"Content-Length", b"%d" % len(content)))
        made = None if exchange.request.method == b"HEAD" else content
        built = response(status, [*content_fields, *fields], made, version=exchange.request.version)
        await exchange.answer(self.bench.point("answer", built))

    # challenges

    async def challenge(self, exchange: ServerExchange) -> None:
        """Answer with 401 and a challenge for each type."""
        lines = [(b"WWW-Authenticate", made) for made in self.offers_for(exchange.request.authority)]
        await self.give(exchange, 401, lines, b"a token is wanted\n")

    def offers_for(self, authority: bytes) -> Sequence[Message]:
        """The challenges that are offered, for a client that knows this origin by that name."""
        return [self.offered(kind, authority) for kind in (BLIND_RSA, VOPRF)]

    def offered(self, token_type: int, authority: bytes) -> Message:
        """The recipe of one challenge with its parameters."""
        octets = self.issued(token_type, authority)
        return auth(self.params(octets, self.keys(token_type)[0]))

    def issued(self, token_type: int, authority: bytes) -> bytes:
        """A new challenge, which is remembered."""
        octets = token_challenge(self.made(token_type, authority)).encode()
        self.challenges[challenge_digest(octets)] = token_type
        return octets

    def made(self, token_type: int, authority: bytes) -> TokenChallenge:
        """A challenge for one request: its context is new (2.1.1.2)."""
        return TokenChallenge(token_type, self.issuer["name"].encode(), self.context(), (authority.lower(),))

    def context(self) -> bytes:
        """A redemption context."""
        made: bytes = self.bench.rng.randbytes(32)
        return made

    def params(self, challenge: bytes, token_key: bytes) -> list[tuple[bytes, Any]]:
        """The parameters of a challenge (2.1.2)."""
        return challenge_params(challenge, token_key, MAX_AGE)

    def keys(self, token_type: int) -> list[bytes]:
        """The issuer's keys of a type, the preferred first."""
        return [bytes.fromhex(k["public"]) for k in self.issuer["keys"] if k["type"] == token_type]

    # tokens

    def redeem(self, value: bytes) -> None:
        """Take credentials; DecodeError or Refused where they buy nothing."""
        token = self.read(self.token_octets(value))
        self.check_challenge(token)
        self.check_authenticator(token)
        self.spend(token)

    def token_octets(self, value: bytes) -> bytes:
        """The token in the value of Authorization (2.2.2)."""
        return token_of(value)

    def read(self, octets: bytes) -> Token:
        """The token (2.2.1)."""
        return decode_token(octets)

    def check_challenge(self, token: Token) -> None:
        """Whether the token is for a challenge of ours, and of its type (2.2.2)."""
        if self.challenges.get(token.digest) != token.token_type:
            raise Refused("challenge", "no challenge of this type and digest was given out")

    def check_authenticator(self, token: Token) -> None:
        """Whether the authenticator holds under the key that the token names (2.2.3)."""
        for key in self.issuer["keys"]:
            public = public_key(key["type"], bytes.fromhex(key["public"]))
            if key["type"] == token.token_type and public.key_id == token.key_id:
                if isinstance(public, RSAKey):
                    right = self.verified(public, token)
                else:
                    assert isinstance(public, VOPRFKey)
                    private = PrivateVOPRFKey(int(key["private"], 16), public)
                    right = private.authenticator(token.signed) == token.authenticator
                if not right:
                    raise Refused("authenticator", "it does not hold")
                return
        raise Refused("key", "the key is none of our issuer's")

    def verified(self, key: RSAKey, token: Token) -> bool:
        """Whether a signature holds (RFC 9578, Section 6.4)."""
        return VARIANT.verify(key.key, token.signed, token.authenticator)

    def spend(self, token: Token) -> None:
        """Take the token out of the world (2.2.2)."""
        if token.nonce in self.spent:
            raise Refused("spent", "the nonce was there before")
        self.spent.add(token.nonce)
