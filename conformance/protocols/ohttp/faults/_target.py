"""Faults of gateways in what they make of the target's answer, and of errors (RFC 9458, Sections 5 and 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.bench import Fault, faults_of
from conformance.net import Answer, ServerExchange
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import (
    BinaryRequest,
    BinaryResponse,
    Line,
    Refused,
    ResponseContext,
    encapsulated_response,
)
from conformance.protocols.ohttp.peers import Gateway, GatewayError
from conformance.wire import DecodeError, Message, Varint

BACK = "rfc9458/5/target-response-conveyed-intact"


# from the target


@gateway_fault(
    "rfc9458/5/target-response-outer-200",
    BACK,
    "rfc9458/5/target-redirects-not-followed",
    "rfc9458/5/target-data-stays-encapsulated",
    "rfc9292/6/head-204-304-framed-normally",
    "rfc9458/5.2/later-errors-encapsulated",
    "rfc9458/5/outer-response-fields-minimal",
    "rfc9292/*",
    "rfc9458/6.3/*",
    "rfc9458/5.1/*",
    "rfc9458/6.10/*",
)
class StatusOfTheTargetOutside(Gateway):
    """Shows outside the status that stands inside."""

    def outer_status(self, answer: BinaryResponse) -> int:
        return answer.status


@gateway_fault(
    "rfc9458/5/outer-response-fields-minimal",
    "rfc9458/5/extra-response-fields-reveal-nothing",
    "rfc9458/5/target-data-stays-encapsulated",
    origin="microsoft/attested-ohttp-server",
)
class TargetFieldsOutside(Gateway):
    """Copies the fields inside to the outer response."""

    def outer_fields(self, answer: BinaryResponse) -> Sequence[Line]:
        own = {b"content-type", b"content-length", b"cache-control"}
        return (*super().outer_fields(answer), *((n, v) for n, v in answer.fields if n.lower() not in own))


@gateway_fault("rfc9458/5/extra-response-fields-reveal-nothing", "rfc9458/5/target-data-stays-encapsulated")
class CachingOfTheTargetOutside(Gateway):
    """Lets the target's Cache-Control stand outside."""

    def outer_fields(self, answer: BinaryResponse) -> Sequence[Line]:
        told = [(n, v) for n, v in answer.fields if n.lower() == b"cache-control"]
        return told or super().outer_fields(answer)


@gateway_fault("rfc9458/5/target-redirects-not-followed")
class RedirectsFollowed(Gateway):
    """Asks the target again where it points."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        answer = await super().forward(inner)
        place = next((v for n, v in answer.fields if n.lower() == b"location"), b"")
        if answer.status in {301, 302, 303, 307, 308} and place == b"/elsewhere":
            return await super().forward(replace(inner, path=place))
        return answer


@gateway_fault(BACK, origin="chris-wood/ohttp-go of 2026-02")
class ResponseLinesJoinedBySpace(Gateway):
    """Joins the values of repeated fields of the target with a space."""

    def trimmed(self, answer: BinaryResponse | None) -> BinaryResponse | None:
        if answer is None:
            return None
        values: dict[bytes, list[bytes]] = {}
        for name, value in answer.fields:
            values.setdefault(name.lower(), []).append(value)
        return replace(answer, fields=tuple((n, b" ".join(v)) for n, v in values.items()))


@gateway_fault(BACK)
class FirstInformationalTakenAsFinal(Gateway):
    """Takes the first response of the target for the final one."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        answer = await super().forward(inner)
        return BinaryResponse(200) if answer.informational else answer


@gateway_fault(BACK)
class TrailersOfTheTargetFail(Gateway):
    """Takes trailers of the target for an error."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        answer = await super().forward(inner)
        if answer.trailers:
            raise GatewayError(502, "trailers")
        return answer


@gateway_fault(
    BACK,
    "rfc9292/3.7/any-content-bytes-accepted",
    "rfc9458/5/inner-request-conveyed-intact",
    "rfc9292/3.2/content-chunks-concatenated",
)
class ContentCutAt64KiB(Gateway):
    """Has a buffer of 64 KiB for the target's content."""

    def trimmed(self, answer: BinaryResponse | None) -> BinaryResponse | None:
        return None if answer is None else replace(answer, content=answer.content[:65_536])


@gateway_fault(
    "rfc9292/6/head-204-304-framed-normally", BACK, "rfc9458/5/target-response-outer-200", origin="bhttp-js 0.2.1"
)
class NoContentThrows(Gateway):
    """Cannot make a message of 204 and 304: no answer, the connection is reset."""

    def trimmed(self, answer: BinaryResponse | None) -> BinaryResponse | None:
        if answer is not None and answer.status in {204, 304}:
            raise TypeError("Response with null body status cannot have body")
        return answer


@gateway_fault("rfc9292/6/head-204-304-framed-normally")
class HeadAnswerHasContent(Gateway):
    """Fills up the content that a Content-Length announces, also where the method was HEAD."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        answer = await super().forward(inner)
        if inner.method != b"HEAD":
            return answer
        length = next((v for n, v in answer.fields if n.lower() == b"content-length"), b"0")
        return replace(answer, content=bytes(int(length)))


@gateway_fault("rfc9292/6/http1-details-not-carried")
class TransferCodingInside(Gateway):
    """Passes the target's Transfer-Encoding on into the message inside."""

    def forwarded(self, fields: Sequence[Line]) -> tuple[Line, ...]:
        coding = tuple((n, v) for n, v in fields if n.lower() == b"transfer-encoding" and n != b"transfer-encoding")
        return (*super().forwarded(fields), *coding)


@gateway_fault("rfc9292/6/http1-details-not-carried")
class ReasonIsContent(Gateway):
    """Carries reason phrases that it does not know in front of the content."""

    async def ask(self, inner: BinaryRequest) -> Answer:
        answer = await super().ask(inner)
        if answer.reason and b"," in answer.reason:
            return replace(answer, content=answer.reason + answer.content)
        return answer


@gateway_fault("rfc9292/3.5/status-encoded-as-integer", "rfc9458/*", "rfc9292/*")
class StatusInDigits(Gateway):
    """Writes a status as three digits, unless it is 200."""

    def sealed(self, context: ResponseContext, content: Message) -> Message:
        control = content.parts["control"]
        status = control.parts["status"]
        assert isinstance(status, Varint)
        if status.value == 200:
            return super().sealed(context, content)
        digits = Message(content.parts | {"control": Message(status=b"%d" % status.value)})
        return encapsulated_response(context, self.nonce(context), digits)


# errors


@gateway_fault(
    "rfc9458/5.2/later-errors-encapsulated",
    origin="ohttp-server example of the ohttp crate, payjoin-mailroom, thibmeu/ohttp-ts",
)
class BadMessageAnsweredInTheOpen(Gateway):
    """Answers a message that is no Binary HTTP with a 400 outside."""

    def bad_message(self, why: DecodeError) -> BinaryResponse | None:
        del why
        return None


@gateway_fault(
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    "rfc9458/5.2/invalid-message-gets-4xx",
    "rfc9458/5.2/inner-error-400-or-504",
)
class BadMessageIsAnInternalError(Gateway):
    """Answers a message that is no Binary HTTP with 500, inside."""

    def bad_message(self, why: DecodeError) -> BinaryResponse | None:
        return BinaryResponse(500, content=str(why).encode())


@gateway_fault(
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    "rfc9292/6/inner-connect-refused",
    "rfc9458/5.2/invalid-message-gets-4xx",
    "rfc9458/5.2/later-errors-encapsulated",
    "rfc9292/*-refused",
    "rfc9292/*-required",
    "rfc9292/*-cheaply",
    "rfc9292/4/*",
    "rfc9292/3.1/field-section-length-exact",
)
class BadMessageClosesTheConnection(Gateway):
    """Gives no answer to a message that is no Binary HTTP."""

    def bad_message(self, why: DecodeError) -> BinaryResponse | None:
        raise RuntimeError(str(why))


@gateway_fault(
    "rfc9458/5.1/100-continue-refused",
    "rfc9292/3.6/wrong-content-length-not-forwarded",
    "rfc9292/4/invalid-message-not-processed",
    "rfc9292/4/late-error-aborts-processing",
    "rfc9292/*-refused",
    "rfc9292/*-required",
    "rfc9292/*-cheaply",
    "rfc9292/*-exact",
    "rfc9458/5.2/invalid-message-gets-4xx",
)
class TargetAskedBeforeTheEnd(Gateway):
    """Asks the target as soon as the control data is there, and looks at the rest of the message afterwards."""

    async def encapsulated(self, exchange: ServerExchange) -> None:
        try:
            plaintext, _ = self.decapsulate(exchange.request.content)
            decoder = self.decoder(plaintext)
            if decoder.framing() in {0, 2}:
                inner = BinaryRequest(*decoder.control())
                self.check_target(inner)
                await self.forward(inner)
        except (DecodeError, GatewayError, Refused):
            pass
        await super().encapsulated(exchange)


@gateway_fault(
    "rfc9458/5.2/later-errors-encapsulated",
    "rfc9458/5/unreachable-target-inner-504",
    "rfc9458/5.2/inner-error-400-or-504",
)
class TargetErrorInTheOpen(Gateway):
    """Answers with an error outside where the target does not answer, and does not wait long."""

    patience = 1.0

    async def respond(
        self, exchange: ServerExchange, context: ResponseContext, answer: BinaryResponse | None, *, known: bool
    ) -> None:
        if answer is not None and answer.status == 504:
            await self.plain(exchange, 504, "the target did not answer")
        else:
            await super().respond(exchange, context, answer, known=known)


@gateway_fault(
    "rfc9458/5/unreachable-target-inner-504",
    "rfc9458/5.2/inner-error-400-or-504",
    origin="chris-wood/ohttp-go of 2026-02",
)
class TargetErrorIsAnInternalError(Gateway):
    """Says 500 inside where the target does not answer."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        try:
            return await super().forward(inner)
        except GatewayError as why:
            raise GatewayError(500, why.why) from why


@gateway_fault("rfc9458/5.2/later-errors-encapsulated")
class AnswerThatIsCutPassedOn(Gateway):
    """Passes on as 200 what there is of an answer that ends before it is whole."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        try:
            return await super().forward(inner)
        except GatewayError:
            return BinaryResponse(200, content=b"hello")


@gateway_fault("rfc9292/3.4/absent-authority-zero-length")
class NoTargetWithoutAuthority(Gateway):
    """Takes an absent authority for an internal error: 500 inside."""

    def check_target(self, inner: BinaryRequest) -> None:
        if not inner.authority:
            raise GatewayError(500, "no authority")
        super().check_target(inner)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
