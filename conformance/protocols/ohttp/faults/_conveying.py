"""Faults of gateways between the message inside and the target (RFC 9458, Sections 5 and 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.bench import Fault, faults_of
from conformance.net import Answer
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import (
    BinaryRequest,
    BinaryResponse,
    Line,
)
from conformance.protocols.ohttp.peers import Gateway, GatewayError
from conformance.wire import Message
from conformance.wire.http import request

INTACT = "rfc9458/5/inner-request-conveyed-intact"


# to the target


@gateway_fault(INTACT, "rfc9292/3.4/options-asterisk-path-kept", origin="bhttp-js 0.2.1")
class QueryLost(Gateway):
    """Sends the path on without its query."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        return await super().forward(replace(inner, path=inner.path.partition(b"?")[0]))


@gateway_fault(INTACT)
class PathDecoded(Gateway):
    """Decodes percent-encodings on the way."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        return await super().forward(replace(inner, path=inner.path.replace(b"%2F", b"/").replace(b"%41", b"A")))


@gateway_fault(INTACT, origin="chris-wood/ohttp-go of 2026-02")
class UnknownMethodRefused(Gateway):
    """Knows the methods of RFC 9110 and PATCH, and refuses others."""

    def check_method(self, inner: BinaryRequest) -> None:
        super().check_method(inner)
        if inner.method not in {b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"}:
            raise GatewayError(400, "a method that nobody knows")


@gateway_fault(
    INTACT,
    "rfc9292/3.6/repeated-names-order-kept",
    "rfc9292/3.6/cookies-joined-by-semicolon",
    origin="chris-wood/ohttp-go of 2026-02",
)
class LastLineWins(Gateway):
    """Keeps fields in a map: of several lines of one name the last wins."""

    def joined(self, fields: Sequence[Line]) -> Sequence[Line]:
        return tuple({n.lower(): (n, v) for n, v in fields}.values())


@gateway_fault("rfc9292/3.6/cookies-joined-by-semicolon")
class CookiesJoinedByComma(Gateway):
    """Joins lines of Cookie as those of other fields."""

    def joined(self, fields: Sequence[Line]) -> Sequence[Line]:
        cookies = b", ".join(v for n, v in fields if n.lower() == b"cookie")
        others = tuple((n, v) for n, v in fields if n.lower() != b"cookie")
        return (*others, (b"cookie", cookies)) if cookies else others


@gateway_fault("rfc9292/3.6/cookies-joined-by-semicolon")
class CookieLinesKeptApart(Gateway):
    """Gives a target of HTTP/1.1 several lines of Cookie."""

    def joined(self, fields: Sequence[Line]) -> Sequence[Line]:
        return fields


@gateway_fault(
    "rfc9292/3.4/options-asterisk-path-kept",
    INTACT,
    "rfc9292/3.1/known-length-request-layout-exact",
    "rfc9292/3.2/*-exact",
    "rfc9292/3.6/*",
    "rfc9292/3.2/full-indeterminate-message-accepted",
)
class FieldsStayAtTheGateway(Gateway):
    """Sends no field on but those of the content."""

    def joined(self, fields: Sequence[Line]) -> Sequence[Line]:
        return tuple((n, v) for n, v in fields if n.lower() in {b"content-length", b"transfer-encoding", b"host"})


@gateway_fault("rfc9458/5.1/100-continue-refused", origin="chris-wood/ohttp-go of 2026-02")
class ExpectationForwarded(Gateway):
    """Takes an expectation of 100-continue for a field like others."""

    def check_expectation(self, inner: BinaryRequest) -> None:
        del inner


@gateway_fault("rfc9458/5.1/100-continue-refused")
class ExpectationOfOneSpelling(Gateway):
    """Compares an expectation by its capitals."""

    def check_expectation(self, inner: BinaryRequest) -> None:
        if (b"expect", b"100-continue") in inner.fields:
            raise GatewayError(417, "no")


@gateway_fault("rfc9458/5.1/100-continue-refused", "rfc9458/5.2/later-errors-encapsulated")
class ExpectationRefusedInTheOpen(Gateway):
    """Answers an expectation of 100-continue with 417, outside."""

    def inner_error(self, why: GatewayError) -> BinaryResponse | None:
        return None if why.status == 417 else super().inner_error(why)


@gateway_fault("rfc9292/6/inner-connect-refused")
class ConnectForwarded(Gateway):
    """Sends CONNECT to the target as a method like others."""

    def check_method(self, inner: BinaryRequest) -> None:
        del inner


@gateway_fault("rfc9292/3.6/wrong-content-length-not-forwarded")
class ContentLengthForwarded(Gateway):
    """Sends Content-Length on as it stands inside."""

    def check_length(self, inner: BinaryRequest) -> None:
        del inner


@gateway_fault(INTACT)
class OneContentLengthOnly(Gateway):
    """Refuses two lines of Content-Length that say the same, and content that has one."""

    def check_length(self, inner: BinaryRequest) -> None:
        if any(n.lower() == b"content-length" for n, _ in inner.fields):
            raise GatewayError(400, "the length is ours to tell")


@gateway_fault("rfc9292/6/transfer-encoding-field-ignored", "rfc9458/5/gateway-applies-forwarding-rules")
class TransferEncodingForwarded(Gateway):
    """Sends Transfer-Encoding on, which makes it act at the target."""

    def forwarded_request(self, inner: BinaryRequest) -> Message:
        coded = [(n, v) for n, v in inner.fields if n.lower() == b"transfer-encoding"]
        if not coded:
            return super().forwarded_request(inner)
        return request(inner.method, inner.path, inner.authority, coded, inner.content)


@gateway_fault("rfc9458/5/gateway-applies-forwarding-rules", "rfc9292/3.6/connection-fields-*", "rfc9292/6/*")
class ConnectionFieldsForwarded(Gateway):
    """Sends fields on that concern a connection, in both directions."""

    def forwarded(self, fields: Sequence[Line]) -> tuple[Line, ...]:
        return tuple((n, v) for n, v in fields if not n.startswith(b":") and n.lower() != b"transfer-encoding")


@gateway_fault("rfc9458/6.3/gateway-not-open-proxy", "rfc9458/6.10/https-target-never-downgraded")
class OpenProxy(Gateway):
    """Goes wherever it is sent."""

    def check_target(self, inner: BinaryRequest) -> None:
        del inner


@gateway_fault("rfc9458/6.3/gateway-not-open-proxy")
class TargetsComparedByPort(Gateway):
    """Looks at the port of a target only, and goes there whatever the host's name."""

    def check_target(self, inner: BinaryRequest) -> None:
        port = inner.authority.rpartition(b":")[2].decode("latin-1")
        if not any(target.endswith(f":{port}") for target in self.options["targets"]):
            super().check_target(inner)

    async def ask(self, inner: BinaryRequest) -> Answer:
        return await super().ask(replace(inner, authority=self.options["targets"][0].partition("://")[2].encode()))


@gateway_fault("rfc9458/6.3/gateway-not-open-proxy")
class HostGoesBeforeAuthority(Gateway):
    """Names the target as the field Host says, though it looked at the authority."""

    def forwarded_request(self, inner: BinaryRequest) -> Message:
        host = next((v for n, v in inner.fields if n.lower() == b"host"), None)
        return super().forwarded_request(inner if host is None else replace(inner, authority=host))


@gateway_fault("rfc9458/6.10/https-target-never-downgraded", origin="apple/swift-nio-oblivious-http")
class SchemeLost(Gateway):
    """Drops the scheme, and asks in the open what was to be asked over TLS."""

    def origin(self, inner: BinaryRequest) -> str:
        return super().origin(replace(inner, scheme=b"http"))


@gateway_fault(
    "rfc9292/3.1/trailer-section-delivered",
    "rfc9292/3.2/full-indeterminate-message-accepted",
    "rfc9292/3/any-integer-width-accepted",
    INTACT,
)
class TrailersMadeFields(Gateway):
    """Puts trailers among the header fields."""

    async def forward(self, inner: BinaryRequest) -> BinaryResponse:
        return await super().forward(replace(inner, fields=(*inner.fields, *inner.trailers), trailers=()))


FAULTS: tuple[Fault, ...] = faults_of(__name__)
