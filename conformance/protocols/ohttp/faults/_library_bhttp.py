"""Faults of libraries that read Binary HTTP: framing, sections, integers, truncation, content (RFC 9292)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.protocols.ohttp.faults._library_bhttp_kit import (
    ANY_WIDTH,
    CRASH,
    CUT,
    EXACT,
    EXAMPLES,
    HUGE,
    IN_ORDER,
    INDETERMINATE,
    LATE,
    LAYOUTS,
    NON_MINIMAL,
    NUMBERS,
    OTHER,
    SHORT,
    TRUNCATED,
    WHOLE,
    Decoded,
    decoder_fault,
)
from conformance.protocols.ohttp.messages import BinaryRequest, Decoder, Line, Lines
from conformance.protocols.ohttp.peers import BinaryHTTP
from conformance.wire import DecodeError, Reader, varint_width

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


@decoder_fault(EXACT, CUT, HUGE, OTHER)
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


@fault("bhttp.decoder", EXACT, HUGE, OTHER, origin="netty, CVE-2026-63124")
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
class TrailersAloneUnread(Decoder):
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


@decoder_fault(
    "rfc9292/*-refused", HUGE, EXACT, "rfc9292/3.2/field-section-terminator-required", LATE,
    "rfc9292/3.5/final-status-200-to-599", "rfc9292/3.8/nonzero-padding-refusal-optional",
)  # fmt: skip
class ErrorsForgotten(Decoder):
    """Does not look whether reading a message failed, and delivers one without anything in it."""

    def message(self) -> Decoded:
        try:
            return super().message()
        except DecodeError:
            return BinaryRequest(b"GET", b"https", b"", b"/")


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


@decoder_fault(HUGE)
class FourOctetsLoseABit(Decoder):
    """Masks a bit too many off an integer of four octets."""

    def number(self, reader: Reader, name: str) -> int:
        start = reader.at
        value = super().number(reader, name)
        return value & 0x1FFF_FFFF if reader.at - start == 4 else value


@decoder_fault(HUGE)
class EightOctetsLoseABit(Decoder):
    """Masks a bit too many off an integer of eight octets."""

    def number(self, reader: Reader, name: str) -> int:
        return super().number(reader, name) & (1 << 61) - 1


@decoder_fault(HUGE)
class IntegersOfFiftyThreeBits(Decoder):
    """Keeps of an integer what a floating-point number would hold exactly."""

    def number(self, reader: Reader, name: str) -> int:
        return super().number(reader, name) & (1 << 53) - 1


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


@decoder_fault("rfc9292/3.8/cut-control-data-refused", HUGE, OTHER, CUT)
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
class PaddingUnread(Decoder):
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
