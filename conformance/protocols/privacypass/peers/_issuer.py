"""The reference issuer (RFC 9578, Sections 4 to 6): every step a method, so that a fault replaces one of them.

GET  /.well-known/private-token-issuer-directory → the directory
POST /token-request → check media type → read → choose the key → read what is blinded → evaluate or sign
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from conformance.bench import Peer, RoleOffer, Served
from conformance.bench._lab import record_request
from conformance.crypto.blindrsa import BlindRSAError, blind_sign
from conformance.crypto.groups import Element
from conformance.net import Server, ServerExchange, serve
from conformance.protocols.privacypass.messages import (
    DIRECTORY_PATH,
    DIRECTORY_TYPE,
    P384,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    TYPES,
    Directory,
    ListedKey,
    PrivateKey,
    PrivateRSAKey,
    PrivateVOPRFKey,
    Refused,
    TokenRequest,
    choose_key,
    decode_blinded,
    decode_request,
    directory,
    rsa_response,
    voprf_response,
)
from conformance.protocols.privacypass.peers._keys import rsa_key, voprf_key
from conformance.wire import DecodeError, Message
from conformance.wire.http import FieldLines, media_type, response

REQUEST_PATH = b"/token-request"
ISSUER = "issuer"
"""Where our issuer records what reaches it."""
SINCE = 1_700_000_000
"""From when on the later keys are used: long ago."""
Line = tuple[bytes, Any]


class Issuer(Peer):
    """Issuer of types 1 and 2, with two keys of each."""

    role: ClassVar[str] = "privacypass.issuer"
    offers: ClassVar[RoleOffer] = RoleOffer(variants={"http": (1, 2), "type": TYPES})

    def __init__(self, bench: Any, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(bench, options)
        self.keys = self.make_keys()
        self._server: Server | None = None

    async def start(self) -> Served:
        """Begin to serve on loopback (`listen` and `port` in the options say where)."""
        host, port = self.options.get("listen", "127.0.0.1"), self.options.get("port", 0)
        self._server = await serve(self.handle, host=host, port=port)
        return Served(self._server.url)

    async def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.close()

    # the directory

    def make_keys(self) -> Sequence[PrivateKey]:
        """The keys, the preferred first."""
        return (voprf_key(0), rsa_key(0), voprf_key(1), rsa_key(1))

    def request_uri(self) -> str:
        """Where requests go, as the directory says it."""
        return REQUEST_PATH.decode()

    def request_path(self) -> bytes:
        """The path that requests come to."""
        return REQUEST_PATH

    def directory(self) -> Message:
        """The directory that is published."""
        return directory(Directory(self.request_uri(), self.listed()))

    def listed(self) -> tuple[ListedKey, ...]:
        """The keys as they are listed; those that came first have no time from when on they are used."""
        since = dict.fromkeys(self.keys[2:], SINCE)
        return tuple(ListedKey(k.public.token_type, k.public.octets, since.get(k)) for k in self.keys)

    def directory_fields(self) -> Sequence[Line]:
        """What is said of the directory: its media type, and how long it may be kept."""
        return ((b"Content-Type", DIRECTORY_TYPE.encode()), (b"Cache-Control", b"max-age=3600"))

    async def serve_directory(self, exchange: ServerExchange) -> None:
        """Answer with the directory."""
        octets = self.bench.point("directory", self.directory()).octets
        fields = list(self.directory_fields())
        if exchange.request.method == b"HEAD":
            await self._leave(
                exchange, "directory-answer", 200, [*fields, (b"Content-Length", b"%d" % len(octets))], None
            )
        else:
            await self._leave(exchange, "directory-answer", 200, fields, octets)

    # HTTP

    async def handle(self, exchange: ServerExchange) -> None:
        """One request."""
        asked = exchange.request
        record_request(self.bench, asked, self.role, where=ISSUER)
        path = asked.target.partition(b"?")[0]
        if path == self.directory_path():
            if asked.method in {b"GET", b"HEAD"}:
                await self.serve_directory(exchange)
            else:
                await self.refuse(exchange, 405, "GET the directory", ((b"Allow", b"GET, HEAD"),))
        elif path != self.request_path():
            await self.refuse(exchange, 404, "nothing here")
        elif asked.method != b"POST":
            await self.refuse(exchange, 405, "POST a token request", ((b"Allow", b"POST"),))
        elif not self.takes_type(asked.fields):
            await self.refuse(exchange, 415, f"the content is no {REQUEST_TYPE}")
        else:
            await self.issue(exchange)

    def directory_path(self) -> bytes:
        """Where the directory is (Section 8.1)."""
        return DIRECTORY_PATH

    def takes_type(self, fields: FieldLines) -> bool:
        """Whether the content is of the media type of requests."""
        return media_type(fields) == REQUEST_TYPE

    async def refuse(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        """Answer with an error."""
        await self._leave(exchange, "refusal", status, [(b"Content-Type", b"text/plain"), *more], why.encode())

    async def _leave(
        self, exchange: ServerExchange, point: str, status: int, fields: Sequence[Line], content: bytes | None
    ) -> None:
        if exchange.request.method == b"HEAD":
            content = None
        built = self.bench.point(point, response(status, fields, content, version=exchange.request.version))
        await exchange.answer(built)

    # issuance

    async def issue(self, exchange: ServerExchange) -> None:
        """From request to response."""
        try:
            made = self.issued(exchange, exchange.request.content)
        except (DecodeError, Refused) as why:
            await self.refuse(exchange, self.refusal_status(why), str(why))
            return
        octets = self.bench.point("response", made).octets
        await self.send(exchange, octets)

    async def send(self, exchange: ServerExchange, octets: bytes) -> None:
        """Let a token response leave."""
        await self._leave(exchange, "answer", self.success_status(), self.response_fields(), octets)

    def success_status(self) -> int:
        """The status of a token response."""
        return 200

    def response_fields(self) -> Sequence[Line]:
        """What is said of a token response."""
        return ((b"Content-Type", RESPONSE_TYPE.encode()),)

    def refusal_status(self, why: DecodeError | Refused) -> int:
        """The status of a refusal: 422, whatever is the matter (Sections 5.2 and 6.2)."""
        del why
        return 422

    def issued(self, exchange: ServerExchange, octets: bytes) -> Message:
        """The recipe of the response to a request; DecodeError or Refused."""
        del exchange
        request = self.read(octets)
        key = self.choose(request)
        return self.signed(key, self.blinded(request, key))

    def read(self, octets: bytes) -> TokenRequest:
        """The request."""
        return decode_request(octets)

    def choose(self, request: TokenRequest) -> PrivateKey:
        """The key that it names."""
        key: PrivateKey = choose_key(request, self.keys)
        return key

    def blinded(self, request: TokenRequest, key: PrivateKey) -> Element | bytes:
        """What is blinded: an element of the group, or a number below the modulus."""
        return decode_blinded(request, key.public)

    def signed(self, key: PrivateKey, blinded: Element | bytes) -> Message:
        """The response for a key."""
        if isinstance(key, PrivateVOPRFKey):
            assert isinstance(blinded, Element)
            return voprf_response(*key.evaluate(blinded, self.proof_nonce()))
        assert isinstance(blinded, bytes)
        return rsa_response(self.signature(key, blinded))

    def proof_nonce(self) -> int:
        """The random scalar of a proof, fresh for each (RFC 9497, Section 2.2.1)."""
        return P384.random_scalar(self.bench.rng)

    def signature(self, key: PrivateRSAKey, blinded: bytes) -> bytes:
        """The blind signature (RFC 9474, Section 4.3)."""
        try:
            return blind_sign(key.private, blinded)
        except BlindRSAError as why:
            raise Refused("signature", str(why)) from why
