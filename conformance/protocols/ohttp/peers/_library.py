"""The reference library of Binary HTTP (RFC 9292), as an object that answers as an adapter does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from conformance.bench import Hello, Reply, RoleOffer
from conformance.protocols.ohttp.messages import (
    BinaryRequest,
    BinaryResponse,
    Decoder,
    Lines,
    bhttp_request,
    bhttp_response,
    connection_fields,
    decode_bhttp,
    message_json,
    message_of_json,
)
from conformance.wire import DecodeError, Message

_FRAMINGS = RoleOffer(variants={"framing": ("known", "indeterminate")})


class BinaryHTTP:
    """Reads and writes messages in both framings; every step a method, so that a fault replaces one of them."""

    decoder: ClassVar[type[Decoder]] = Decoder

    def hello(self) -> Hello:
        """What it is."""
        return Hello(
            "reference library",
            language="python",
            roles={"bhttp.decoder": _FRAMINGS, "bhttp.encoder": _FRAMINGS},
            operations=("bhttp.decode", "bhttp.encode"),
        )

    def bhttp_decode(self, message: str) -> Reply:
        """Read one message."""
        try:
            decoded = self.read(bytes.fromhex(message))
        except DecodeError as why:
            return _refused(why)
        return {"ok": {"message": message_json(decoded)}}

    def read(self, octets: bytes) -> BinaryRequest | BinaryResponse:
        """The message in octets; DecodeError where there is none."""
        return self.decoder(octets).message()

    def bhttp_encode(self, message: dict[str, Any], framing: str = "known") -> Reply:
        """Write one message, unless that would be one that nobody may read."""
        try:
            wanted = self.cleaned(message_of_json(message))
            self.check(wanted)
            octets = self.written(wanted, known=framing == "known")
        except DecodeError as why:
            return _refused(why)
        return {"ok": {"message": octets.hex()}}

    def cleaned(self, message: BinaryRequest | BinaryResponse) -> BinaryRequest | BinaryResponse:
        """The message without the fields that concern a connection (3.6)."""
        return replace(message, fields=_crossing(message.fields), trailers=_crossing(message.trailers))

    def written(self, message: BinaryRequest | BinaryResponse, *, known: bool) -> bytes:
        """The octets of a message."""
        return self.recipe(message, known=known).encode()

    def recipe(self, message: BinaryRequest | BinaryResponse, *, known: bool) -> Message:
        """The recipe of a message of either kind."""
        return _recipe(message, known=known)

    def check(self, message: BinaryRequest | BinaryResponse) -> None:
        """Whether a strict reader would take the message; DecodeError otherwise."""
        decode_bhttp(_recipe(message, known=True).encode())


def _recipe(message: BinaryRequest | BinaryResponse, *, known: bool) -> Message:
    if isinstance(message, BinaryRequest):
        return bhttp_request(message, known=known)
    return bhttp_response(message, known=known)


def _crossing(lines: Lines) -> Lines:
    concern = connection_fields(lines)
    return tuple((n, v) for n, v in lines if n.lower() not in concern)


def _refused(why: DecodeError) -> Reply:
    return {"refused": {"class": why.path.rpartition(".")[2] or "message", "detail": str(why)}}
