"""Encapsulation of requests and responses with HPKE (RFC 9458, Section 4).

    request   = key id (1), KEM id (2), KDF id (2), AEAD id (2), enc (Nenc), ciphertext
    response  = nonce (max(Nn, Nk)), ciphertext

Each step is a part of the recipe, so that a case can change label, info, associated data, sequence number, salt or
secret, and all that is computed from it follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance import crypto
from conformance.crypto import AEADS, HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.messages._keys import KeyEntry
from conformance.wire import DecodeError, Message, Reader, Sealed, UInt

REQUEST_TYPE, RESPONSE_TYPE = "message/ohttp-req", "message/ohttp-res"
REQUEST_LABEL, RESPONSE_LABEL = b"message/bhttp request", b"message/bhttp response"
PROBLEM_TYPE = "application/problem+json"
KEY_PROBLEM = "https://iana.org/assignments/http-problem-types#ohttp-key"  # RFC 9458, Section 5.3
DATE_PROBLEM = "https://iana.org/assignments/http-problem-types#date"  # RFC 9458, Section 6.5.2
IDENTIFYING_FIELDS = (
    b"cookie", b"authorization", b"user-agent", b"accept-language", b"referer", b"origin", b"from", b"x-forwarded-for",
    b"forwarded", b"via", b"traceparent", b"sec-ch-ua-platform", b"dnt", b"x-unknown",
)  # fmt: skip
"""Fields of an outer request that tell of a client, or may."""
HEADER_LENGTH = 7
PSK = (bytes(32), b"\0")
"""Key and identifier of requests that are sealed in another mode than OHTTP's."""


class Refused(Exception):
    """A receiver does not take an encapsulated message: at which step (key, suite, open), and why."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


class RequestContext:
    """The client's side of one exchange: seals one request, opens its response. Serves once."""

    def __init__(self, suite: Suite, public: bytes, ephemeral: KeyPair) -> None:
        self.suite = suite
        self.public = public
        self.ephemeral = ephemeral
        self._sender: crypto.Sender | None = None

    def dh(self) -> bytes:
        """What ephemeral and public key share (RFC 9180, Section 4.1)."""
        return crypto.diffie_hellman(self.suite.kem, self.ephemeral.private, self.public)

    def sender(self, info: bytes, mode: int, enc: bytes, dh: bytes) -> crypto.Sender:
        """The HPKE context of these parts (RFC 9180, Section 5); the last one made opens the response."""
        made = (
            crypto.setup_sender_with(self.suite, self.public, info, enc, dh)
            if mode == 0
            else crypto.setup_sender_psk(self.suite, self.public, info, self.ephemeral, *PSK)
        )
        self._sender = made
        return made

    @property
    def exporter(self) -> crypto.Sender:
        """The context in which the request was sealed."""
        assert self._sender is not None, "no request was sealed in this context"
        return self._sender

    def open(self, response: bytes, enc: bytes | None = None) -> bytes:
        """The plaintext of an encapsulated response (4.4); DecodeError when it does not open."""
        length = response_nonce_length(self.suite)
        reader = Reader(response, "response")
        nonce = reader.take(length, "nonce")
        secret = self.exporter.export(RESPONSE_LABEL, length)
        key, aead_nonce = response_keys(self.suite, secret, (enc or self.exporter.enc) + nonce)
        at = reader.at
        try:
            return crypto.aead_open(self.suite.aead, key, aead_nonce, reader.rest(), b"")
        except HPKEError as why:
            raise reader.fail("ciphertext", f"it does not open in the request's context ({why})", at) from why


class ResponseContext:
    """The gateway's side of one exchange: exports the secret that seals the response."""

    def __init__(self, suite: Suite, enc: bytes, recipient: crypto.Recipient) -> None:
        self.suite = suite
        self.enc = enc
        self.recipient = recipient


def response_nonce_length(suite: Suite) -> int:
    """max(Nn, Nk) of the suite's AEAD (RFC 9458, Section 4.2)."""
    aead = AEADS[suite.aead]
    return max(aead.nonce_length, aead.key_length)


def response_keys(suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """AEAD key and nonce of a response, by the suite's unlabelled Extract and Expand (RFC 9458, Section 4.4)."""
    aead = AEADS[suite.aead]
    prk = crypto.extract(suite.kdf, salt, secret)
    return (
        crypto.expand(suite.kdf, prk, b"key", aead.key_length),
        crypto.expand(suite.kdf, prk, b"nonce", aead.nonce_length),
    )


def encapsulated_request(entry: KeyEntry, context: RequestContext, content: Any) -> Message:
    """The recipe of an encapsulated request (RFC 9458, Section 4.3). `content` is the recipe of what is sealed."""
    suite = context.suite
    return Message(
        key_id=UInt(entry.key_id, 1),
        kem=UInt(suite.kem, 2),
        kdf=UInt(suite.kdf, 2),
        aead=UInt(suite.aead, 2),
        enc=context.ephemeral.public,
        label=Sealed(REQUEST_LABEL),
        info=Sealed(
            Message(
                words=lambda get: get("label"),
                zero=b"\0",
                header=lambda get: get("key_id") + get("kem") + get("kdf") + get("aead"),
            )
        ),
        mode=Sealed(UInt(0, 1)),
        dh=Sealed(lambda _: context.dh()),
        aad=Sealed(b""),
        sequence=Sealed(UInt(0, 1)),
        content=Sealed(content),
        ciphertext=lambda get: context.sender(get("info"), get("mode")[-1], get("enc"), get("dh")).seal(
            get("content"), get("aad"), get("sequence")[-1]
        ),
    )


def encapsulated_response(context: ResponseContext, nonce: bytes, content: Any) -> Message:
    """The recipe of an encapsulated response (RFC 9458, Section 4.4)."""
    suite, length = context.suite, response_nonce_length(context.suite)

    def seal(get: Any) -> bytes:
        key, aead_nonce = response_keys(suite, get("secret"), get("salt"))
        return crypto.aead_seal(suite.aead, key, aead_nonce, get("content"), get("aad"))

    return Message(
        nonce=nonce,
        label=Sealed(RESPONSE_LABEL),
        secret=Sealed(lambda get: context.recipient.export(get("label"), length)),
        salt=Sealed(lambda get: context.enc + get("nonce")),
        aad=Sealed(b""),
        content=Sealed(content),
        ciphertext=seal,
    )


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A key of a gateway: what it publishes, and the private half."""

    entry: KeyEntry
    private: bytes


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """The seven octets in front of an encapsulated request."""

    key_id: int
    suite: Suite
    octets: bytes


def read_header(reader: Reader) -> RequestHeader:
    """Read the header of an encapsulated request; DecodeError when it is cut."""
    octets = reader.take(HEADER_LENGTH, "header")
    number = [int.from_bytes(octets[at : at + 2], "big") for at in (1, 3, 5)]
    return RequestHeader(octets[0], Suite(*number), octets)


def choose_key(header: RequestHeader, keys: Sequence[GatewayKey]) -> GatewayKey:
    """The key that a header names; Refused when there is none, or not for that suite (4.3, steps 1a and 1b)."""
    key = next((k for k in keys if k.entry.key_id == header.key_id), None)
    if key is None or key.entry.kem != header.suite.kem:
        raise Refused("key", "no key has this id and KEM")
    if (header.suite.kdf, header.suite.aead) not in key.entry.algorithms:
        raise Refused("suite", "the key is not offered with these algorithms")
    return key


ChooseKey = Callable[[RequestHeader, Sequence[GatewayKey]], GatewayKey]


def open_request(
    request: bytes, keys: Sequence[GatewayKey], choose: ChooseKey = choose_key
) -> tuple[bytes, ResponseContext]:
    """The plaintext of an encapsulated request and the context for its response (RFC 9458, Section 4.3).

    DecodeError when it is cut, Refused when no key fits or it does not open.
    """
    reader = Reader(request, "request")
    header = read_header(reader)
    key = choose(header, keys)
    enc = reader.take(crypto.KEMS[header.suite.kem].enc_length, "enc")
    info = REQUEST_LABEL + b"\0" + header.octets
    try:
        recipient = crypto.setup_recipient(header.suite, enc, key.private, info)
        return recipient.open(reader.rest()), ResponseContext(header.suite, enc, recipient)
    except HPKEError as why:
        raise Refused("open", str(why)) from why


__all__ = [
    "HEADER_LENGTH", "IDENTIFYING_FIELDS",
    "REQUEST_LABEL", "REQUEST_TYPE", "RESPONSE_LABEL", "RESPONSE_TYPE", "DecodeError", "GatewayKey",
    "Refused", "RequestContext", "RequestHeader", "ResponseContext", "choose_key", "encapsulated_request",
    "encapsulated_response", "open_request", "read_header", "response_keys", "response_nonce_length",
]  # fmt: skip
