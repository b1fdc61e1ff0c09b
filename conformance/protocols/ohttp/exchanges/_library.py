"""Libraries of Binary HTTP: one message is read, or one is written.

`accepted` of a decoder means that the reply says what our strict decoder reads in the octets that left
(informational responses may be left out); of an encoder,
that our strict decoder reads in its octets what it was asked to write, in the framing it was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import Bench
from conformance.library import REFUSED
from conformance.model import ACCEPTED, ANYWAY, WRONG, AdapterError, Outcome, Part, exchange
from conformance.protocols.ohttp.messages import (
    INDETERMINATE_REQUEST,
    BinaryRequest,
    BinaryResponse,
    bhttp_request,
    bhttp_response,
    connection_fields,
    decode_bhttp,
    message_json,
    message_of_json,
    same_informational,
    same_message,
)
from conformance.wire import DecodeError, Message, Reader

MENDED = Outcome("mended")
"""Asked to write what no lawful message says, the encoder wrote a lawful one."""
KEPT = Outcome("connection-fields-kept")
"""The encoder wrote all that it was asked for, fields that concern a connection among it."""

FRAMINGS = ("known", "indeterminate")
REQUEST = BinaryRequest(
    b"POST",
    b"https",
    b"www.example.com",
    b"/hello.txt",
    ((b"content-type", b"text/plain"), (b"accept-language", b"en, mi")),
    b"hello, world",
)
RESPONSE = BinaryResponse(200, ((b"content-type", b"text/plain"), (b"server", b"conformance")), b"hello, world")


def recipe_of(
    message: BinaryRequest | BinaryResponse, *, known: bool = True, chunks: Sequence[int] = (), padding: int = 0
) -> Message:
    """The recipe of a message of either kind."""
    if isinstance(message, BinaryRequest):
        return bhttp_request(message, known=known, chunks=chunks, padding=padding)
    return bhttp_response(message, known=known, chunks=chunks, padding=padding)


def lawful_message(octets: bytes) -> BinaryRequest | BinaryResponse | None:
    """The message of either kind in octets, or None where our strict decoder refuses them."""
    try:
        return decode_bhttp(octets)
    except DecodeError:
        return None


def _said(reply: Mapping[str, Any]) -> BinaryRequest | BinaryResponse:
    """The message in a decoder's reply; AdapterError where it is none."""
    try:
        return message_of_json(reply["ok"].get("message"))
    except ValueError as why:
        raise AdapterError(str(why), step="bhttp.decode", hint="See docs/adapter.md.") from None


def decode_ended(part: Part) -> Outcome:
    """How a decoder took a message."""
    reply = part.last("reply", "bhttp.decode")
    if reply is None or not {"ok", "refused"} & reply.value.keys():
        return part.ending()
    if "refused" in reply.value:
        return REFUSED
    sent = part.sent("message")
    lawful = lawful_message(sent.event.octets) if sent else None
    if lawful is None:
        return ANYWAY
    said = _said(reply.value)
    return ACCEPTED if same_message(said, lawful) and not _other_informational(said, lawful) else WRONG


def _other_informational(said: BinaryRequest | BinaryResponse, lawful: BinaryRequest | BinaryResponse) -> bool:
    """Whether other informational responses are told than came; none may be (RFC 9110, Section 15.2)."""
    if not isinstance(said, BinaryResponse) or not isinstance(lawful, BinaryResponse):
        return False
    return bool(said.informational) and not same_informational(said, lawful)


@exchange("bhttp.decoder", decode_ended, over={"framing": FRAMINGS})
async def decode(
    bench: Bench,
    live: None = None,
    message: BinaryRequest | BinaryResponse = REQUEST,
    *,
    known: bool | None = None,
    chunks: Sequence[int] = (),
    padding: int = 0,
    octets: bytes | None = None,
) -> None:
    """The library reads one message: `message` in the variant's framing (or as `known` says), or these octets."""
    del live
    if known is None:
        known = bench.variant.get("framing") != "indeterminate"
    recipe = recipe_of(message, known=known, chunks=chunks, padding=padding)
    built = bench.point("message", recipe if octets is None else Message(octets=octets))
    reply = await bench.do("bhttp.decode", message=built.octets.hex())
    if "ok" in reply:
        _said(reply)


def encode_ended(part: Part) -> Outcome:
    """How an encoder wrote a message."""
    asked, reply = part.last("asked", "bhttp.encode"), part.last("reply", "bhttp.encode")
    written = part.last("decoded", "message")
    if reply is not None and "refused" in reply.value:
        return REFUSED
    if asked is None or written is None:
        return part.ending()
    wanted = message_of_json(asked.value["message"])
    found = lawful_message(written.octets)
    if not _lawful(wanted):
        return MENDED if found else ANYWAY
    right = (asked.value["framing"] == "indeterminate") == (written.value["framing"] >= INDETERMINATE_REQUEST)
    if found is None or not right or not same_message(found, wanted, exact=True):
        return WRONG
    if (
        isinstance(found, BinaryResponse)
        and isinstance(wanted, BinaryResponse)
        and not same_informational(found, wanted)
    ):
        return WRONG
    return KEPT if connection_fields((*found.fields, *found.trailers)) else ACCEPTED


def _lawful(message: BinaryRequest | BinaryResponse) -> bool:
    return lawful_message(recipe_of(message).encode()) is not None


@exchange("bhttp.encoder", encode_ended, over={"framing": FRAMINGS})
async def encode(
    bench: Bench, live: None = None, message: BinaryRequest | BinaryResponse = REQUEST, framing: str = ""
) -> None:
    """The library writes one message in the variant's framing (or this one); our strict decoder reads what it wrote."""
    del live
    framing = framing or bench.variant.get("framing", "known")
    reply = await bench.do("bhttp.encode", message=message_json(message), framing=framing)
    if "ok" not in reply:
        return
    try:
        octets = bytes.fromhex(reply["ok"].get("message"))
    except (TypeError, ValueError) as why:
        raise AdapterError(f"no octets: {why}", step="bhttp.encode", hint="See docs/adapter.md.") from None
    bench.saw("decoded", "message", octets=octets, framing=_framing(octets))
    if _lawful(message):
        decode_bhttp(octets)  # what is undecodable is recorded with its place and reason


def _framing(octets: bytes) -> int:
    try:
        return Reader(octets).varint("framing")
    except DecodeError:
        return -1


__all__ = [
    "FRAMINGS", "KEPT", "MENDED", "REFUSED", "REQUEST", "RESPONSE", "decode", "encode", "lawful_message",
    "recipe_of",
]  # fmt: skip
