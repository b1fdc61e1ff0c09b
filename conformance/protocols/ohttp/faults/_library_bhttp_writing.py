"""Faults of libraries that write Binary HTTP (RFC 9292): each with one step of writing replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.model import Change
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse, prefixed
from conformance.protocols.ohttp.peers import BinaryHTTP
from conformance.wire import Message, Varint

LAYOUTS = ("rfc9292/3.1/known-length-*", "rfc9292/3.2/indeterminate-re*")
PROPERTIES = ("rfc9292/3/encode-decode-round-trip", "rfc9292/3/implementations-decode-each-other")
TERMINATED = "rfc9292/3.2/field-section-terminator-required"
NO_EMPTY_CHUNK = "rfc9292/3.2/empty-content-chunk-never-sent"
MATCHING = "rfc9292/3.5.1/1xx-sections-match-framing"
END_LEFT_OFF = "rfc9292/3.8/encoder-truncation-allowed"
ORDER = "rfc9292/3.4/request-control-data-in-order"
HOST = ("rfc9292/3.4/host-not-copied-into-authority", "rfc9292/3.4/absent-authority-zero-length")
INDETERMINATE: Mapping[str, Any] = {"framing": ["indeterminate"]}

Written = BinaryRequest | BinaryResponse


encoder_fault = partial(fault, "bhttp.encoder", shows=("violation",))
"""Declare a fault of a library that writes messages."""


@encoder_fault(
    "rfc9292/3.4/invalid-control-data-refused", "rfc9292/3.6/late-pseudo-field-refused",
    "rfc9292/3.6/trailer-pseudo-field-refused", origin="bhttp crate 0.8.0",
)  # fmt: skip
class WritesAnything(BinaryHTTP):
    """Writes whatever it is asked to write."""

    def check(self, message: Written) -> None:
        del message


@encoder_fault("rfc9292/3.6/connection-fields-removed", origin="bhttp crate 0.8.0; openpcc bhttp 0.0.37; ohttpy")
class ConnectionFieldsWritten(BinaryHTTP):
    """Writes fields that concern a connection like all others."""

    def cleaned(self, message: Written) -> Written:
        return message


@encoder_fault("rfc9292/6/http1-details-not-carried", "rfc9292/3.6/connection-fields-removed")
class TransferCodingApplied(BinaryHTTP):
    """Writes content in the transfer coding that a field names."""

    def cleaned(self, message: Written) -> Written:
        chunked = any(name == b"transfer-encoding" for name, _ in message.fields)
        coded = b"%x\r\n%b\r\n0\r\n\r\n" % (len(message.content), message.content)
        return super().cleaned(replace(message, content=coded) if chunked else message)


@encoder_fault("rfc9292/3.5/status-encoded-as-integer", *LAYOUTS, MATCHING, *PROPERTIES, "rfc9292/6/head-204-304-*")
class StatusAsDigits(BinaryHTTP):
    """Writes a status as three digits with their length in front."""

    def recipe(self, message: Written, *, known: bool) -> Message:
        recipe = super().recipe(message, known=known)
        if isinstance(message, BinaryResponse):
            recipe.parts["control"] = prefixed(b"%d" % message.status)
        return recipe


class _Target(BinaryHTTP):
    """Does something to a request before it is written."""

    def cleaned(self, message: Written) -> Written:
        message = super().cleaned(message)
        return self.seen(message) if isinstance(message, BinaryRequest) else message

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        """The request as it is written."""
        return message


@encoder_fault(*HOST, origin="ohttp-go")
class HostCopied(_Target):
    """Writes what the field Host says as the authority."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        host = next((value for name, value in message.fields if name == b"host"), b"")
        return replace(message, authority=message.authority or host)


@encoder_fault(ORDER, origin="ohttp-go, which wrote URL.Path; ohttpy; bhttp-js")
class QueryNotWritten(_Target):
    """Writes the path without its query."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return replace(message, path=message.path.split(b"?")[0])


@encoder_fault(ORDER)
class AuthorityBehindPath(BinaryHTTP):
    """Writes the path before the authority, where there is a query."""

    def written(self, message: Written, *, known: bool) -> bytes:
        if isinstance(message, BinaryRequest) and b"?" in message.path:
            message = replace(message, authority=message.path, path=message.authority)
        return super().written(message, known=known)


@encoder_fault("rfc9292/3.4/options-asterisk-path-kept")
class AsteriskAsSlash(_Target):
    """Writes a slash for the asterisk of OPTIONS."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return replace(message, path=b"/") if message.path == b"*" else message


@encoder_fault(*LAYOUTS, TERMINATED, NO_EMPTY_CHUNK)
class TrailersNotWritten(BinaryHTTP):
    """Leaves trailer fields out."""

    def cleaned(self, message: Written) -> Written:
        return replace(super().cleaned(message), trailers=())


@encoder_fault("rfc9292/3.2/indeterminate-re*", TERMINATED, where=INDETERMINATE)
class AlwaysOfKnownLength(BinaryHTTP):
    """Writes messages of known length, whatever it is asked for."""

    def written(self, message: Written, *, known: bool) -> bytes:
        del known
        return super().written(message, known=True)


@encoder_fault(TERMINATED, NO_EMPTY_CHUNK, "rfc9292/3.2/indeterminate-re*", where=INDETERMINATE)
class LastTerminatorForgotten(BinaryHTTP):
    """Does not end the trailer section."""

    def written(self, message: Written, *, known: bool) -> bytes:
        octets = super().written(message, known=known)
        return octets if known or not message.trailers else octets[:-1]


@encoder_fault(NO_EMPTY_CHUNK, where=INDETERMINATE, origin="quiche before 01f70f3fd")
class EmptyChunkWritten(BinaryHTTP):
    """Writes content of no octets as a chunk of no octets."""

    def written(self, message: Written, *, known: bool) -> bytes:
        changes = () if known or message.content else (Change("", "content.chunk", "insert", (0, prefixed(b""))),)
        return self.recipe(message, known=known).build(changes).octets


@encoder_fault(NO_EMPTY_CHUNK, END_LEFT_OFF)
class EmptyContentLeftOffTooSoon(BinaryHTTP):
    """Leaves empty content off, also in front of trailer fields."""

    def recipe(self, message: Written, *, known: bool) -> Message:
        recipe = super().recipe(message, known=known)
        if not message.content:
            recipe.parts["content"] = b""
        return recipe


@encoder_fault(END_LEFT_OFF, TERMINATED, *PROPERTIES)
class ZerosLeftOff(BinaryHTTP):
    """Leaves all zeros at the end of a message off, those of its content among them."""

    def written(self, message: Written, *, known: bool) -> bytes:
        return super().written(message, known=known).rstrip(b"\0")


@encoder_fault(MATCHING)
class InformationalNotWritten(BinaryHTTP):
    """Leaves informational responses out."""

    def cleaned(self, message: Written) -> Written:
        message = super().cleaned(message)
        return replace(message, informational=()) if isinstance(message, BinaryResponse) else message


@encoder_fault(MATCHING, where=INDETERMINATE)
class InformationalOfKnownLength(BinaryHTTP):
    """Writes the sections of informational responses with their length in front, whatever the framing."""

    def recipe(self, message: Written, *, known: bool) -> Message:
        recipe = super().recipe(message, known=known)
        if isinstance(message, BinaryResponse):
            recipe.parts["informational"] = super().recipe(message, known=True).parts["informational"]
        return recipe


@encoder_fault(*PROPERTIES, origin="bhttp-js 0.2.1, of names of 64 octets and more")
class LengthsOfOneOctet(BinaryHTTP):
    """Writes the length of content in one octet, of which it takes what fits."""

    def recipe(self, message: Written, *, known: bool) -> Message:
        recipe = super().recipe(message, known=known)
        if len(message.content) >= 64 and known:
            recipe.parts["content"] = Message(length=Varint(len(message.content) & 63), octets=message.content)
        return recipe


@encoder_fault(*PROPERTIES, origin="ohttp-go of 2026-02")
class LastLineWritten(BinaryHTTP):
    """Writes the last of several lines of a field."""

    def cleaned(self, message: Written) -> Written:
        message = super().cleaned(message)
        return replace(message, fields=tuple(dict(message.fields).items()))


@encoder_fault("rfc9292/6/head-204-304-framed-normally", origin="bhttp-js 0.2.1")
class NothingWithoutContent(BinaryHTTP):
    """Refuses to write what has no content by its method or status."""

    def bhttp_encode(self, message: dict[str, Any], framing: str = "known") -> Reply:
        if message.get("status") in {204, 304} or message.get("method") == b"HEAD".hex():
            return {"refused": {"class": "content", "detail": "no content"}}
        return super().bhttp_encode(message, framing)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
