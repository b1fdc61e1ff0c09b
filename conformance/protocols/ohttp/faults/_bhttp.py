"""Faults of gateways in how they read integers, framing and parts of the message inside (RFC 9292)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from conformance.bench import Fault, faults_of
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse, Decoder, Line, Lines
from conformance.protocols.ohttp.peers import Gateway, GatewayError
from conformance.wire import DecodeError, Reader

GETS_4XX = "rfc9458/5.2/invalid-message-gets-4xx"


class Stuck(Exception):
    """The gateway never comes to an end with this message."""


class Reading(Gateway):
    """Leaves the client waiting where its decoder is stuck."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        try:
            await super().encapsulated(exchange)
        except Stuck:
            return


reading_fault = partial(gateway_fault, within=(Reading, "decoder"))
"""Declare a decoder as a fault: a gateway that reads with it.

What it raises besides DecodeError is no answer (the connection is reset), but for GatewayError, an error inside, and
Stuck.
"""


class Greedy(Reader):
    """Takes what there is where more is wanted."""

    def take(self, n: int, name: str) -> bytes:
        return super().take(min(n, self.left), name)


# integers


@reading_fault(
    "rfc9292/3/any-integer-width-accepted",
    "rfc9292/3.2/non-minimal-terminator-accepted",
)
class ShortestIntegersOnly(Decoder):
    """Refuses integers that could be shorter, as some formats want it."""

    def number(self, reader: Reader, name: str) -> int:
        at = reader.at
        value = super().number(reader, name)
        if reader.at - at > 1 and value < 1 << (8 * (reader.at - at) // 2 - 2):
            raise reader.fail(name, "not the shortest form", at)
        return value


@reading_fault("rfc9292/3/any-integer-width-accepted", origin="google/quiche, before 1a82c3c7e")
class FramingIndicatorIsOneOctet(Decoder):
    """Takes one octet for the framing indicator."""

    def framing(self) -> int:
        framing = self.reader.uint(1, "framing")
        if framing > 3:
            raise self.reader.fail("framing", "no framing indicator", 0)
        return framing


@reading_fault(
    "rfc9292/3.2/content-chunks-concatenated",
    "rfc9292/3.2/non-minimal-terminator-accepted",
    "rfc9292/3.7/any-content-bytes-accepted",
    "rfc9292/3/any-integer-width-accepted",
    "rfc9458/5/inner-request-conveyed-intact",
    origin="AdGuard ohttp_dart, before 7dd1c34",
)
class FourOctetIntegersMisread(Decoder):
    """Reads integers of four octets as if they had two."""

    def number(self, reader: Reader, name: str) -> int:
        at = reader.at
        value = super().number(reader, name)
        if reader.at - at == 4:
            reader.at -= 2
            return value >> 16
        return value


@reading_fault("rfc9292/3.2/non-minimal-terminator-accepted", origin="netty codec-bhttp")
class TerminatorTakenAsOneOctet(Decoder):
    """Takes one octet for a terminator, however many it has."""

    def number(self, reader: Reader, name: str) -> int:
        at = reader.at
        value = super().number(reader, name)
        if value == 0 and not self.known and name.endswith((".line", ".chunk")):
            reader.at = at + 1
        return value


@reading_fault(
    "rfc9292/3/cut-integer-refused",
    "rfc9292/3.8/cut-control-data-refused",
    "rfc9292/3.8/other-truncation-refused",
    "rfc9292/3.2/missing-content-terminator-refused",
    "rfc9292/3.2/field-section-terminator-required",
    GETS_4XX,
)
class CutIntegerIsZero(Decoder):
    """Takes an integer that is cut, or missing, for zero."""

    def number(self, reader: Reader, name: str) -> int:
        try:
            return super().number(reader, name)
        except DecodeError:
            reader.rest()
            return 0


@reading_fault(
    "rfc9292/3/huge-length-refused-cheaply",
    "rfc9292/3.1/short-content-refused",
    GETS_4XX,
    origin="netty codec-bhttp, CVE-2026-61799",
)
class LengthOverflowCrash(Decoder):
    """Dies of a length that does not fit into 31 bits: no answer, the connection is reset."""

    def number(self, reader: Reader, name: str) -> int:
        value = super().number(reader, name)
        if value >= 1 << 31 and name != "framing":
            raise OverflowError(name)
        return value


@reading_fault("rfc9292/3/huge-length-refused-cheaply", GETS_4XX)
class FourOctetsLoseTheirTopBit(Decoder):
    """Masks a bit too many off an integer of four octets."""

    def number(self, reader: Reader, name: str) -> int:
        at = reader.at
        value = super().number(reader, name)
        return value & 0x1FFF_FFFF if reader.at - at == 4 else value


@reading_fault("rfc9292/3/huge-length-refused-cheaply", GETS_4XX)
class NumbersOfFiftyThreeBits(Decoder):
    """Keeps of an integer what a floating-point number would hold exactly."""

    def number(self, reader: Reader, name: str) -> int:
        return super().number(reader, name) & (1 << 53) - 1


# framing


@reading_fault("rfc9292/3.3/unknown-framing-refused", GETS_4XX)
class FramingByItsLastBits(Decoder):
    """Looks at the last two bits of the framing indicator only."""

    def framing(self) -> int:
        return self.number(self.reader, "framing") & 3


@reading_fault(
    "rfc9292/3.3/wrong-direction-framing-refused", "rfc9292/3.2/*", GETS_4XX,
    origin="chris-wood/ohttp-go of 2026-02",
)  # fmt: skip
class IndeterminateReadAsKnown(Decoder):
    """Reads framing 2 and 3 as requests of known length."""

    def message(self) -> BinaryRequest | BinaryResponse:
        if self.framing() == 1:
            return self.response()
        request = self.request()
        self.padding()
        return request


@reading_fault("rfc9292/3.3/wrong-direction-framing-refused", GETS_4XX)
class DirectionNotLookedAt(Decoder):
    """Reads requests behind the framing indicators of responses."""

    def framing(self) -> int:
        return super().framing() & 2


@gateway_fault("rfc9292/3.3/wrong-direction-framing-refused", GETS_4XX)
class ResponseInsideIsAnInternalError(Gateway):
    """Did not think of a response inside: 500, in the open."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        try:
            await super().encapsulated(exchange)
        except TypeError as why:
            await self.plain(exchange, 500, str(why))

    def read(self, plaintext: bytes) -> tuple[BinaryRequest, bool]:
        decoder = self.decoder(plaintext)
        message = decoder.message()
        if isinstance(message, BinaryResponse):
            raise TypeError("a response")
        return message, decoder.known


# sections


@reading_fault(
    "rfc9292/3.1/field-section-length-exact", GETS_4XX,
)  # fmt: skip
class SectionLengthIsAHint(Decoder):
    """Reads field lines until the section's length is used up, whatever the last line says."""

    def section(self, name: str) -> Lines:
        if not self.known:
            return super().section(name)
        lines: list[Line] = []
        end = self.number(self.reader, f"{name}.length") + self.reader.at
        while self.reader.at < end:
            lines.append(self.line(self.reader, self.number(self.reader, "name.length"), lines, name))
        return tuple(lines)


@reading_fault("rfc9292/3.1/field-section-length-exact", GETS_4XX, origin="netty codec-bhttp, CVE-2026-63124")
class EndlessFieldSection(Decoder):
    """Waits for ever where a name fills what is left of its section of known length."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        if self.known and reader.left == length:
            raise Stuck
        return super().line(reader, length, before, section)


@reading_fault(
    "rfc9292/3.1/trailer-section-delivered",
    "rfc9292/3.2/full-indeterminate-message-accepted",
    origin="chris-wood/ohttp-go of 2026-02",
)
class TrailersWithoutContentRefused(Decoder):
    """Refuses trailers behind empty content."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if trailers and not content:
            raise self.reader.fail("trailers", "trailers of nothing")
        return fields, content, trailers


@reading_fault(
    "rfc9292/3.1/trailer-section-delivered",
    "rfc9292/3.2/full-indeterminate-message-accepted",
    GETS_4XX,
    origin="chris-wood/ohttp-go #28",
)
class TrailersBehindContentPanic(Decoder):
    """Puts the trailers of a request with content into a map that is none: no answer, the connection is reset."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if trailers and content:
            raise KeyError("assignment to entry in nil map")
        return fields, content, trailers


@reading_fault(
    "rfc9292/3.1/trailer-section-delivered", "rfc9292/3/any-integer-width-accepted", origin="google/quiche of 2026"
)
class NoTrailersInKnownLength(Decoder):
    """Takes trailers of known length for padding, and refuses them."""

    def section(self, name: str) -> Lines:
        if name == "trailers" and self.known:
            return ()
        return super().section(name)


@reading_fault("rfc9292/3.2/non-minimal-terminator-accepted", "rfc9292/3.2/full-indeterminate-message-accepted")
class NoTrailersInIndeterminateLength(Decoder):
    """Takes trailers of indeterminate length for padding, and refuses them."""

    def section(self, name: str) -> Lines:
        if name == "trailers" and not self.known:
            return ()
        return super().section(name)


@reading_fault("rfc9292/3.2/field-section-terminator-required", "rfc9292/3.8/other-truncation-refused", GETS_4XX)
class EndOfMessageEndsASection(Decoder):
    """Takes the end of the message for the terminator of a field section."""

    def section(self, name: str) -> Lines:
        if self.known:
            return super().section(name)
        lines: list[Line] = []
        while self.reader.left and (length := self.number(self.reader, f"{name}.line")):
            lines.append(self.line(self.reader, length, lines, name))
        return tuple(lines)


@reading_fault("rfc9292/3.2/field-section-terminator-required", GETS_4XX)
class NoNameEndsASection(Decoder):
    """Ends a field section where no field line follows, whether or not there is a terminator."""

    def section(self, name: str) -> Lines:
        if self.known:
            return super().section(name)
        lines: list[Line] = []
        while True:
            at = self.reader.at
            try:
                if not (length := self.number(self.reader, f"{name}.line")):
                    return tuple(lines)
                lines.append(self.line(self.reader, length, lines, name))
            except DecodeError:
                self.reader.at = at
                if name == "trailers":
                    raise
                return tuple(lines)


# truncation and padding


@reading_fault(
    "rfc9292/3.8/missing-*-read-empty", "rfc9292/3.1/rfc9458-example-accepted",
    "rfc9292/3.2/indeterminate-truncation-accepted", "rfc9292/3.8/truncation-with-padding-accepted",
    origin="chris-wood/ohttp-go #20, cloudflare/privacy-gateway-server-go #42, google/quiche before 380ada713",
)  # fmt: skip
class TruncationRefused(Decoder):
    """Wants every part of a message to be there."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        return self.section("headers"), self.content(), self.section("trailers")


@reading_fault(
    "rfc9292/3.1/rfc9458-example-accepted", "rfc9292/3.2/indeterminate-truncation-accepted", origin="netty codec-bhttp"
)
class NothingBehindControlDataRefused(Decoder):
    """Compares a length wrongly, and refuses messages that end behind their control data."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if not self.reader.left:
            raise self.reader.fail("headers", "nothing left")
        return super().rest()


@reading_fault("rfc9292/3.2/indeterminate-truncation-accepted")
class NothingBehindControlDataPanics(Decoder):
    """Looks at the octet behind the control data of a message of indeterminate length: no answer, a reset."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if not self.known and not self.reader.left:
            raise IndexError("behind the end")
        return super().rest()


@reading_fault(
    "rfc9292/3.8/truncation-with-padding-accepted",
    "rfc9292/3.2/indeterminate-truncation-accepted",
    origin="bhttp crate 0.7.2",
)
class IndeterminateTruncationRefused(Decoder):
    """Wants the parts of a message of indeterminate length to be there."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        if self.known:
            return super().rest()
        return self.section("headers"), self.content(), self.section("trailers")


@reading_fault(
    "rfc9292/3.1/short-content-refused", "rfc9292/3.8/*-refused", "rfc9292/3.2/missing-content-terminator-refused",
    "rfc9292/3/huge-length-refused-cheaply", "rfc9292/3.1/field-section-length-exact",
    GETS_4XX, "rfc9292/4/invalid-message-not-processed",
    origin="apple/swift-nio-oblivious-http, bhttp-js 0.2.1",
)  # fmt: skip
class SilentTruncation(Decoder):
    """Takes what there is of a part that is longer than the message."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reader = Greedy(data, "bhttp")


@reading_fault("rfc9292/3.2/missing-content-terminator-refused", GETS_4XX)
class EndOfMessageEndsContent(Decoder):
    """Takes the end of the message for the end of the content."""

    def content(self) -> bytes:
        if self.known:
            return super().content()
        pieces = []
        while self.reader.left and (length := self.number(self.reader, "content.chunk")):
            pieces.append(self.reader.take(length, "content.chunk"))
        return b"".join(pieces)


@reading_fault(
    "rfc9292/3.8/zero-padding-accepted",
    "rfc9292/3.8/truncation-with-padding-accepted",
    "rfc9458/6.2.3/padding-accepted-both-ends",
)
class PaddingRefused(Decoder):
    """Refuses octets behind a message, as if none were allowed."""

    def padding(self) -> None:
        self.reader.end("padding")


@reading_fault("rfc9292/3.8/nonzero-padding-refusal-optional")
class PaddingReadAsAnotherMessage(Decoder):
    """Reads on behind a message while there are octets that are not zero, and fails: 500 inside."""

    def padding(self) -> None:
        if any(self.reader.rest()):
            raise GatewayError(500, "a second message")


FAULTS: tuple[Fault, ...] = faults_of(__name__)
