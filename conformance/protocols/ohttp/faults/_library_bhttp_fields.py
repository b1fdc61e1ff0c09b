"""Faults of libraries that read Binary HTTP: fields, control data, status (RFC 9292)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.bench import Fault, faults_of
from conformance.protocols.ohttp.faults._library_bhttp_kit import (
    COOKIES,
    CRASH,
    CUT,
    EXACT,
    EXAMPLES,
    HUGE,
    IN_ORDER,
    LATE,
    NAMES,
    OTHER,
    PSEUDO,
    REPEATED,
    TRUNCATED,
    VALUES,
    WHOLE,
    Decoded,
    decoder_fault,
)
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse, Decoder, Line, Lines
from conformance.wire import DecodeError, Reader
from conformance.wire.http import HOP_BY_HOP

# fields


@decoder_fault(NAMES, "rfc9292/3.6/empty-field-name-refused", LATE, origin="bhttp crate 0.8.0; netty, CVE-2024-40642")
class NamesUnchecked(Decoder):
    """Any octets are a field name."""

    def bad_name(self, name: bytes) -> str:
        del name
        return ""


@decoder_fault("rfc9292/3.6/empty-field-name-refused")
class EmptyNameTaken(Decoder):
    """A name of no octets is a name."""

    def bad_name(self, name: bytes) -> str:
        return super().bad_name(name) if name else ""


@decoder_fault(VALUES, NAMES, LATE, origin="bhttp crate 0.8.0; netty, CVE-2024-40642")
class ValuesUnchecked(Decoder):
    """Any octets are a field value, lines of a request that is smuggled in among them."""

    def bad_value(self, value: bytes) -> str:
        del value
        return ""


@decoder_fault(NAMES, VALUES, PSEUDO[0], PSEUDO[1])
class InformationalFieldsUnchecked(Decoder):
    """Looks at fields of the final response only."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        if not section.startswith("informational"):
            return super().line(reader, length, before, section)
        return reader.take(length, "name"), reader.take(self.number(reader, "value.length"), "value")


@decoder_fault(*PSEUDO, origin="bhttp crate 0.8.0; netty, CVE-2024-40642")
class PseudoFieldsTaken(Decoder):
    """A pseudo-field is a field like any other."""

    def bad_pseudo_field(self, name: bytes, before: Sequence[Line], section: str) -> str:
        del name, before, section
        return ""


@decoder_fault("rfc9292/3.6/other-pseudo-field-allowed", origin="openpcc bhttp 0.0.37")
class OtherPseudoFieldsLost(Decoder):
    """Leaves pseudo-fields out of what it delivers."""

    def message(self) -> Decoded:
        message = super().message()
        return replace(message, fields=tuple(line for line in message.fields if line[0][:1] != b":"))


@decoder_fault("rfc9292/3.6/upper-case-name-accepted", EXAMPLES)
class UpperCaseRefused(Decoder):
    """Refuses capital letters in names, as HTTP/2 does."""

    def bad_name(self, name: bytes) -> str:
        return super().bad_name(name) or ("capital letters" if name != name.lower() else "")


@decoder_fault("rfc9292/3.6/empty-or-8bit-value-accepted", origin="netty before dda9c3e")
class EmptyValueRefused(Decoder):
    """Refuses a field without a value."""

    def bad_value(self, value: bytes) -> str:
        return super().bad_value(value) or ("" if value else "empty")


@decoder_fault("rfc9292/3.6/empty-or-8bit-value-accepted")
class ValuesAsText(Decoder):
    """Field values are decoded as UTF-8, and what is none is replaced."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        name, value = super().line(reader, length, before, section)
        return name, value.decode("utf-8", "replace").encode()


@decoder_fault("rfc9292/3.6/empty-or-8bit-value-accepted", EXAMPLES, *WHOLE)
class ValuesTidied(Decoder):
    """Takes quotes and repeated spaces out of field values."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        name, value = super().line(reader, length, before, section)
        return name, value.replace(b"  ", b" ").replace(b'"', b"")


@decoder_fault("rfc9292/3.6/empty-or-8bit-value-accepted", *WHOLE)
class ValuesOfSixtyTwoOctets(Decoder):
    """Refuses values that are longer."""

    def bad_value(self, value: bytes) -> str:
        return super().bad_value(value) or ("too long" if len(value) > 62 else "")


def _merged(lines: Lines, join: Callable[[bytes, bytes], bytes], only: bytes = b"") -> Lines:
    merged: dict[bytes, bytes] = {}
    for name, value in lines:
        known = merged.get(name) if only in {b"", name} else None
        merged[name] = value if known is None else join(known, value)
    return tuple(merged.items())


@decoder_fault(REPEATED, COOKIES, origin="ohttp-go of 2026-02, in requests")
class LastLineRead(Decoder):
    """Keeps fields in a table of one value for each name."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        return _merged(fields, lambda _, new: new), content, trailers


@decoder_fault(REPEATED, COOKIES, origin="ohttp-go of 2026-02, in responses")
class LinesJoinedBySpace(Decoder):
    """Joins the lines of one field with a space."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        return _merged(fields, lambda old, new: old + b" " + new), content, trailers


@decoder_fault(COOKIES)
class CookiesReadWithComma(Decoder):
    """Joins cookies as it joins other fields."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if sum(name == b"cookie" for name, _ in fields) < 2:
            return fields, content, trailers
        return _merged(fields, lambda old, new: old + b", " + new, b"cookie"), content, trailers


@decoder_fault("rfc9292/3.6/connection-fields-tolerated", "rfc9292/6/http1-details-not-carried")
class ConnectionFieldsUnread(Decoder):
    """Refuses fields that concern a connection, as HTTP/2 does."""

    def bad_name(self, name: bytes) -> str:
        return super().bad_name(name) or ("of a connection" if name.lower() in HOP_BY_HOP else "")


@decoder_fault("rfc9292/6/http1-details-not-carried")
class TransferCodingUndone(Decoder):
    """Takes content apart as chunks where a field names that transfer coding."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if (b"transfer-encoding", b"chunked") in fields and b"\r\n" in content:
            content = content.split(b"\r\n")[1]
        return fields, content, trailers


@decoder_fault(
    LATE, OTHER, CUT, HUGE, VALUES, NAMES, PSEUDO[0], PSEUDO[2], EXACT,
    "rfc9292/3.2/field-section-terminator-required",
)  # fmt: skip
class DeliversBeforeTrailers(Decoder):
    """Has delivered the message when it comes to the trailer section, and what is wrong there is too late."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields = self.section("headers") if self.reader.left else ()
        content = self.content() if self.reader.left else b""
        try:
            return fields, content, self.section("trailers") if self.reader.left else ()
        except DecodeError:
            self.reader.rest()
            return fields, content, ()


# control data and status


@decoder_fault("rfc9292/3.4/invalid-control-data-refused", origin="bhttp crate 0.8.0")
class ControlDataUnchecked(Decoder):
    """Any octets are control data."""

    def control(self) -> tuple[bytes, bytes, bytes, bytes]:
        method, scheme, authority, path = (
            self.reader.take(self.number(self.reader, name), name) for name in ("method", "scheme", "authority", "path")
        )
        return method, scheme, authority, path


class _Target(Decoder):
    """A decoder that does something to the request's target."""

    def request(self) -> BinaryRequest:
        return self.seen(super().request())

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return message


@decoder_fault(IN_ORDER, *WHOLE, origin="bhttp-js 0.2.1; ohttp-go")
class QueryNotRead(_Target):
    """Delivers the path without its query."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return replace(message, path=message.path.split(b"?")[0])


@decoder_fault(IN_ORDER, *WHOLE, origin="ohttp-go of 2026-02")
class MethodsOfATable(_Target):
    """Refuses methods that it does not know, and those that came later than most."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        if message.method not in {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS"}:
            raise self.reader.fail("method", "not known")
        return message


@decoder_fault(IN_ORDER, *WHOLE)
class PathUnescaped(_Target):
    """Delivers the path with its escapes undone."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return replace(message, path=message.path.replace(b"%20", b" ").replace(b"%2F", b"/"))


@decoder_fault("rfc9292/3.4/absent-authority-zero-length", EXAMPLES, *WHOLE, *TRUNCATED)
class AuthorityRequired(_Target):
    """Refuses a request without an authority."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        if not message.authority:
            raise self.reader.fail("authority", "empty")
        return message


@decoder_fault("rfc9292/3.4/options-asterisk-path-kept")
class AsteriskRefused(_Target):
    """Refuses a path that does not begin with a slash, whatever the method."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        if message.path == b"*":
            raise self.reader.fail("path", "no slash")
        return message


@decoder_fault("rfc9292/3.5/final-status-200-to-599")
class StatusUnchecked(Decoder):
    """Any number that is not informational is a final status."""

    def response(self) -> BinaryResponse:
        informational: list[tuple[int, Lines]] = []
        while 100 <= (status := self.status()) <= 199:
            informational.append((status, self.section(f"informational[{len(informational)}]")))
        return BinaryResponse(status, *self.rest(), tuple(informational))


@decoder_fault("rfc9292/3.5/final-status-200-to-599", *WHOLE)
class UnknownStatusRefused(Decoder):
    """Refuses a status that is not in its table."""

    def status(self) -> int:
        status = super().status()
        if status in {299, 503, 599}:
            raise self.reader.fail("status", f"{status} is not known")
        return status


class _Informational(Decoder):
    """A decoder that does something to informational responses."""

    def response(self) -> BinaryResponse:
        message = super().response()
        return replace(message, informational=self.told(message.informational))

    def told(self, informational: tuple[tuple[int, Lines], ...]) -> tuple[tuple[int, Lines], ...]:
        return informational


ANY_1XX = "rfc9292/3.5.1/any-number-of-1xx-accepted"


@decoder_fault(ANY_1XX, *WHOLE, EXAMPLES)
class OneInformationalOnly(_Informational):
    """Refuses a second informational response."""

    def told(self, informational: tuple[tuple[int, Lines], ...]) -> tuple[tuple[int, Lines], ...]:
        if len(informational) > 1:
            raise self.reader.fail("status", "a second informational response")
        return informational


@decoder_fault(ANY_1XX, *WHOLE, EXAMPLES)
class InformationalFieldsLost(_Informational):
    """Tells of informational responses without their fields."""

    def told(self, informational: tuple[tuple[int, Lines], ...]) -> tuple[tuple[int, Lines], ...]:
        return tuple((status, ()) for status, _ in informational)


@decoder_fault("rfc9292/3.5.1/missing-final-response-refused", OTHER, CUT)
class InformationalAsFinal(Decoder):
    """At the end of the message the last status was the final one."""

    def response(self) -> BinaryResponse:
        start = self.reader.at
        try:
            return super().response()
        except DecodeError:
            self.reader.at = start
            status = self.status()
            if not 100 <= status <= 199 or self.reader.left:
                raise
            return BinaryResponse(status)


@decoder_fault("rfc9292/3.5.1/status-101-in-range", shows=CRASH)
class SwitchesProtocols(_Informational):
    """Begins to upgrade the connection, of which there is none."""

    def told(self, informational: tuple[tuple[int, Lines], ...]) -> tuple[tuple[int, Lines], ...]:
        if any(status == 101 for status, _ in informational):
            raise ConnectionError("no connection to upgrade")
        return informational


@decoder_fault("rfc9292/6/head-204-304-framed-normally", shows=CRASH, origin="bhttp-js 0.2.1")
class StatusesWithoutContent(Decoder):
    """Cannot hold a message of a status that has no content."""

    def response(self) -> BinaryResponse:
        message = super().response()
        if message.status in {204, 304}:
            raise TypeError("a response with this status has no body")
        return message


@decoder_fault("rfc9292/6/head-204-304-framed-normally")
class HeadRefused(_Target):
    """Refuses HEAD, whose content it cannot know."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        if message.method == b"HEAD":
            raise self.reader.fail("method", "HEAD")
        return message


FAULTS: tuple[Fault, ...] = faults_of(__name__)
