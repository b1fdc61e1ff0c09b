"""Faults of libraries that read Binary HTTP (RFC 9292): each a decoder with one step replaced."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from conformance.bench import Fault, Reply
from conformance.protocols.ohttp.faults._kit import fault, faults_of
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse, Decoder, Line, Lines
from conformance.protocols.ohttp.peers import BinaryHTTP
from conformance.wire import DecodeError, Reader, varint_width
from conformance.wire.http import HOP_BY_HOP

ANY_WIDTH, NON_MINIMAL = "rfc9292/3/any-integer-width-accepted", "rfc9292/3.2/non-minimal-terminator-accepted"
HUGE, CUT, OTHER = (
    "rfc9292/3/huge-length-refused-cheaply", "rfc9292/3/cut-integer-refused", "rfc9292/3.8/other-truncation-refused",
)  # fmt: skip
SHORT = "rfc9292/3.1/short-content-refused"
LAYOUTS = ("rfc9292/3.1/known-length-*", "rfc9292/3.2/indeterminate-re*", "rfc9292/3.2/full-*")
WHOLE = (*LAYOUTS, "rfc9292/3/encode-decode-round-trip", "rfc9292/3/implementations-decode-each-other")
EXAMPLES = "rfc9292/5/published-examples-decoded"
TRUNCATED = (
    "rfc9292/3.8/missing-*", "rfc9292/3.1/rfc9458-example-accepted", "rfc9292/3.2/indeterminate-truncation-accepted",
    "rfc9292/3.8/truncation-with-padding-accepted",
)  # fmt: skip
NAMES, VALUES = "rfc9292/3.6/invalid-field-name-refused", "rfc9292/3.6/invalid-field-value-refused"
PSEUDO = (
    "rfc9292/3.6/control-pseudo-field-refused", "rfc9292/3.6/late-pseudo-field-refused",
    "rfc9292/3.6/trailer-pseudo-field-refused",
)  # fmt: skip
LATE = "rfc9292/4/late-error-aborts-processing"
REPEATED, COOKIES = "rfc9292/3.6/repeated-names-order-kept", "rfc9292/3.6/cookies-joined-by-semicolon"
IN_ORDER = "rfc9292/3.4/request-control-data-in-order"
NUMBERS = ("framing", "status")
"""Integers that are no lengths."""
CRASH = ("crash", "violation")
INDETERMINATE: Mapping[str, Any] = {"framing": ["indeterminate"]}

D = TypeVar("D", bound=type[Decoder])
Decoded = BinaryRequest | BinaryResponse


def decoder_fault(
    *breaks: str,
    shows: tuple[str, ...] = ("violation",),
    where: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Callable[[D], D]:
    """Declare a decoder as the fault of a library that uses it."""

    def register(made: D) -> D:
        said = {"decoder": made, "__doc__": made.__doc__, "__module__": made.__module__}
        library = type(made.__name__, (BinaryHTTP,), said)
        fault("bhttp.decoder", *breaks, shows=shows, where=where, origin=origin)(library)
        return made

    return register


# framing and sections


@decoder_fault(*LAYOUTS, EXAMPLES, where=INDETERMINATE, origin="ohttp-go of 2026-02, and gateways made of it")
class IndicatorByParity(Decoder):
    """Looks at one bit of the framing indicator: what has no known length is read as if it had one."""

    def message(self) -> Decoded:
        decoded = self.response() if self.framing() & 1 else self.request()
        self.padding()
        return decoded


@decoder_fault("rfc9292/3.3/unknown-framing-refused", origin="openpcc bhttp 0.0.37, for values of 64 and more")
class IndicatorCutToTwoBits(Decoder):
    """Any framing indicator is taken for one of the four that there are."""

    def framing(self) -> int:
        return self.number(self.reader, "framing") & 3


@decoder_fault("rfc9292/3.1/field-section-length-exact", CUT, HUGE, OTHER)
class SectionLengthAsHint(Decoder):
    """A section's length only says where its last line begins: that may reach beyond it, and the section lie."""

    def section(self, name: str) -> Lines:
        if not self.known:
            return super().section(name)
        end = self.number(self.reader, f"{name}.length") + self.reader.at
        lines: list[Line] = []
        while self.reader.at < min(end, len(self.reader.data)):
            lines.append(self.line(self.reader, self.number(self.reader, "name.length"), lines, name))
        return tuple(lines)


@fault("bhttp.decoder", "rfc9292/3.1/field-section-length-exact", HUGE, OTHER, origin="netty, CVE-2026-63124")
class NeverLeavesASection(BinaryHTTP):
    """Waits for ever for the rest of a field line that is longer than its section."""

    async def bhttp_decode(self, message: str) -> Reply:  # type: ignore[override]
        said = super().bhttp_decode(message)
        if re.match(r"bhttp\.headers\.(name|value) at .* octets wanted", said.get("refused", {}).get("detail", "")):
            await asyncio.sleep(3600)
        return said


@decoder_fault(
    "rfc9292/3.1/trailer-section-delivered", *WHOLE, EXAMPLES, origin="bhttp-js 0.2.1, which has no trailers"
)
class TrailersLost(Decoder):
    """Reads trailer fields, and tells of none."""

    def message(self) -> Decoded:
        return replace(super().message(), trailers=())


@decoder_fault("rfc9292/3.1/trailer-section-delivered", *WHOLE, EXAMPLES, shows=CRASH, origin="ohttp-go, issue 28")
class CrashesOnTrailers(Decoder):
    """Dies of trailer fields behind content: nothing was made to hold them."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if content and trailers:
            raise TypeError("assignment to entry in nil map")
        return fields, content, trailers


@decoder_fault("rfc9292/3.1/trailer-section-delivered", origin="ohttp-go of 2026-02")
class TrailersWithoutContentRefused(Decoder):
    """Refuses trailer fields where there is no content."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if trailers and not content:
            raise self.reader.fail("trailers", "behind no content")
        return fields, content, trailers


@decoder_fault("rfc9292/3.1/zero-length-parts-accepted", *TRUNCATED, EXAMPLES, *WHOLE, IN_ORDER)
class EmptySectionRefused(Decoder):
    """Wants at least one line in the header section."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if not fields:
            raise self.reader.fail("headers", "no fields")
        return fields, content, trailers


@decoder_fault("rfc9292/3.2/content-chunks-concatenated", *LAYOUTS, where=INDETERMINATE)
class LastChunkOnly(Decoder):
    """Of content in chunks the last one is delivered."""

    def content(self) -> bytes:
        last = b""
        while length := self.number(self.reader, "content.chunk"):
            last = self.reader.take(length, "content.chunk")
        return last


# integers


@decoder_fault(ANY_WIDTH, NON_MINIMAL, "rfc9292/3.2/indeterminate-truncation-accepted")
class MinimalIntegersOnly(Decoder):
    """Refuses an integer in more octets than it needs."""

    def number(self, reader: Reader, name: str) -> int:
        start = reader.at
        value = super().number(reader, name)
        if reader.at - start > varint_width(value):
            raise reader.fail(name, "not in its shortest form", start)
        return value


@decoder_fault(ANY_WIDTH, origin="quiche before 1a82c3c7e")
class IndicatorOfOneOctet(Decoder):
    """Takes the first octet for the framing indicator, whatever it says of its width."""

    def framing(self) -> int:
        framing = self.reader.uint(1, "framing")
        if framing > 3:
            raise self.reader.fail("framing", f"{framing} is no framing indicator", 0)
        return framing


@decoder_fault(NON_MINIMAL, ANY_WIDTH, where=INDETERMINATE, origin="netty-incubator-codec-bhttp")
class TerminatorOfOneOctet(Decoder):
    """Of a terminator in several octets it passes over one."""

    def number(self, reader: Reader, name: str) -> int:
        start = reader.at
        value = super().number(reader, name)
        if not value and name.endswith((".line", ".chunk")):
            reader.at = start + 1
        return value


@decoder_fault(
    CUT, OTHER, SHORT, "rfc9292/3.8/cut-control-data-refused", "rfc9292/3.5.1/missing-final-response-refused"
)
class CutIntegersTaken(Decoder):
    """Takes what there is of an integer."""

    def number(self, reader: Reader, name: str) -> int:
        start = reader.at
        try:
            return super().number(reader, name)
        except DecodeError:
            if reader.at == len(reader.data):
                raise
            reader.at = len(reader.data)
            return int.from_bytes(reader.data[start:], "big") & 0x3F


@decoder_fault(HUGE, shows=CRASH, origin="netty, CVE-2026-61827; ohttp-go before 2026-02")
class AllocatesWhatLengthsSay(Decoder):
    """Makes room for as many octets as a length says, before it looks whether they are there."""

    def number(self, reader: Reader, name: str) -> int:
        value = super().number(reader, name)
        if value >= 1 << 30 and name not in NUMBERS:
            raise MemoryError(f"{value} octets for {name}")
        return value


@decoder_fault(HUGE, shows=CRASH, origin="netty, CVE-2026-61799")
class LengthsOfThirtyTwoBits(Decoder):
    """Keeps lengths in a signed integer of 32 bits, and dies of negative ones."""

    def number(self, reader: Reader, name: str) -> int:
        value = super().number(reader, name)
        if value & 0x8000_0000 and name not in NUMBERS:
            raise OverflowError(f"{name} is negative")
        return value


# truncation and padding


@decoder_fault(*TRUNCATED, origin="ohttp-go, issue 20; privacy-gateway-server-go, issue 42")
class TruncatedMessagesRefused(Decoder):
    """Wants every part to be there, empty or not."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        return self.section("headers"), self.content(), self.section("trailers")


@decoder_fault(
    "rfc9292/3.2/indeterminate-truncation-accepted", *TRUNCATED, where=INDETERMINATE, origin="bhttp crate 0.8.0"
)
class TruncatedIndeterminateRefused(Decoder):
    """Wants content and trailer section to be there in messages of indeterminate length."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if self.known:
            return super().rest()
        return self.section("headers"), self.content(), self.section("trailers")


@decoder_fault("rfc9292/3.1/rfc9458-example-accepted", origin="netty-incubator-codec-bhttp")
class HeaderSectionRequired(Decoder):
    """Wants a header section: the example of RFC 9458 has none."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if not self.reader.left:
            raise self.reader.fail("headers", "missing")
        return super().rest()


@decoder_fault(
    SHORT, OTHER, HUGE, CUT, "rfc9292/3.2/missing-content-terminator-refused",
    origin="bhttp-js 0.2.1; openpcc bhttp 0.0.37; swift-nio-oblivious-http",
)  # fmt: skip
class ShortContentTaken(Decoder):
    """Content that is shorter than its length says is delivered as far as it goes."""

    def content(self) -> bytes:
        try:
            return super().content()
        except DecodeError:
            return self.reader.rest()


@decoder_fault("rfc9292/3.8/cut-control-data-refused", HUGE, OTHER, CUT, origin="bhttp-js 0.2.1")
class ShortPathTaken(Decoder):
    """A path that is shorter than its length says is delivered as far as it goes."""

    def number(self, reader: Reader, name: str) -> int:
        value = super().number(reader, name)
        return min(value, reader.left) if name == "path" else value


@decoder_fault(
    "rfc9292/3.2/missing-content-terminator-refused", "rfc9292/3.2/field-section-terminator-required", OTHER,
    where=INDETERMINATE, origin="openpcc bhttp 0.0.37; quiche before 9ca7a5f01",
)  # fmt: skip
class EndOfInputEndsAll(Decoder):
    """Takes the end of the message for the terminator of whatever is being read."""

    def number(self, reader: Reader, name: str) -> int:
        return 0 if not reader.left and name.endswith((".line", ".chunk")) else super().number(reader, name)


@decoder_fault(
    "rfc9292/3.8/zero-padding-accepted", "rfc9292/3.8/truncation-with-padding-accepted", EXAMPLES,
    "rfc9292/3.2/indeterminate-truncation-accepted",
)  # fmt: skip
class PaddingRefused(Decoder):
    """Refuses whatever follows a message."""

    def padding(self) -> None:
        self.reader.end("padding")


@decoder_fault("rfc9292/3.8/nonzero-padding-refusal-optional", shows=CRASH)
class CrashesOnOddPadding(Decoder):
    """Was sure that padding is zeros."""

    def padding(self) -> None:
        assert not any(self.reader.rest()), "padding"


@decoder_fault("rfc9292/3.8/truncation-with-padding-accepted", shows=CRASH, where=INDETERMINATE)
class CrashesWithoutHeaderSection(Decoder):
    """Looks at the octet behind the control data of a message of indeterminate length, be there one or not."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if not self.known and not self.reader.left:
            raise IndexError("index out of range")
        return super().rest()


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


@decoder_fault(NAMES, VALUES, PSEUDO[0])
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


def _merged(lines: Lines, join: Callable[[bytes, bytes], bytes], only: bytes = b"") -> Lines:
    merged: dict[bytes, bytes] = {}
    for name, value in lines:
        known = merged.get(name) if only in {b"", name} else None
        merged[name] = value if known is None else join(known, value)
    return tuple(merged.items())


@decoder_fault(REPEATED, COOKIES, origin="ohttp-go of 2026-02, in requests")
class LastLineWins(Decoder):
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
class CookiesJoinedByComma(Decoder):
    """Joins cookies as it joins other fields."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if sum(name == b"cookie" for name, _ in fields) < 2:
            return fields, content, trailers
        return _merged(fields, lambda old, new: old + b", " + new, b"cookie"), content, trailers


@decoder_fault("rfc9292/3.6/connection-fields-tolerated", "rfc9292/6/http1-details-not-carried")
class ConnectionFieldsRefused(Decoder):
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
    LATE, OTHER, CUT, HUGE, VALUES, NAMES, PSEUDO[0], PSEUDO[2], "rfc9292/3.1/field-section-length-exact",
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
class QueryLost(_Target):
    """Delivers the path without its query."""

    def seen(self, message: BinaryRequest) -> BinaryRequest:
        return replace(message, path=message.path.split(b"?")[0])


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


# content and resources


@decoder_fault("rfc9292/3.7/any-content-bytes-accepted")
class ZerosTakenForPadding(Decoder):
    """Takes zeros at the end of content for padding."""

    def content(self) -> bytes:
        return super().content().rstrip(b"\0")


@decoder_fault("rfc9292/3.7/any-content-bytes-accepted")
class SixteenKilobytesAtMost(Decoder):
    """Refuses content of 16,384 octets and more."""

    def content(self) -> bytes:
        content = super().content()
        if len(content) >= 16_384:
            raise self.reader.fail("content", "too long")
        return content


@decoder_fault("rfc9292/8/resource-use-bounded", shows=CRASH)
class ReadsByRecursion(Decoder):
    """Calls itself for every line, chunk and informational response."""

    def number(self, reader: Reader, name: str) -> int:
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > 9_000:
            raise RecursionError("maximum recursion depth exceeded")
        return super().number(reader, name)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
