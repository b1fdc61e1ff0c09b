"""Faults of proxies in requests and answers (RFC 9298, Section 3; RFC 9297, Sections 3.2 and 3.4; RFC 9209)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.bench import faults_of
from conformance.net import Request, ServerExchange, ServerTunnel
from conformance.net._server1 import ServerHTTP1
from conformance.net._server2 import ServerHTTP2
from conformance.net._session3 import Broken
from conformance.protocols.masque.faults._kit import connection_fault, proxy_fault
from conformance.protocols.masque.messages import CAPSULE_PROTOCOL, TargetRefused
from conformance.protocols.masque.peers import Proxy, ProxyHTTP3
from conformance.wire import Message
from conformance.wire.http import CONNECTION_SPECIFIC, FieldLines, capsule_protocol, combined, response, values

H3_MALFORMED = "masque-http-layer/9114-4.1.2/h3-malformed-is-stream-error"
H2_MALFORMED = "masque-http-layer/9113-8.1.1/h2-malformed-is-stream-error"
EXTENDED = "rfc9298/3.4/bad-extended-connect-malformed"
PARTS = "masque-http-layer/8441-4/protocol-needs-scheme-and-path"
FORBIDDEN = "masque-http-layer/9114-4.2/forbidden-fields-malformed"
PSEUDO = "masque-http-layer/9114-4.3/pseudo-headers-known-unique-first"
CONTENT = "rfc9297/3.2/capsule-message-violation-malformed"
TYPE, FALSE = "rfc9297/3.4/capsule-protocol-wrong-type-ignored", "rfc9297/3.4/capsule-protocol-false-is-absent"
PARAMETERS = "rfc9297/3.4/unknown-parameters-ignored"
UNKNOWN = ("masque-http-layer/9220-3/unknown-protocol-gets-501", "rfc9298/3.4/protocol-is-connect-udp")
H1_REFUSED, H1_400 = "rfc9298/3.2/h1-malformed-request-refused", "rfc9298/3.2/h1-malformed-request-gets-400"
SENT = "rfc9297/3.4/capsule-protocol-sent"
ITEM = "rfc9297/3.4/capsule-protocol-is-boolean-item"
SHAPE = ("rfc9298/3.3/h1-success-status-101", "rfc9298/3.3/h1-response-connection-upgrade",
         "rfc9298/3.3/h1-response-upgrade-connect-udp")  # fmt: skip
NO_CONTENT = ("rfc9297/3.2/content-fields-absent-with-capsules", "rfc9298/3.3/h1-response-obeys-capsule-rules",
              "masque-http-layer/9110-9.3.6/tunnel-response-no-framing-fields",
              "rfc9298/3.5/2xx-response-obeys-capsule-rules")  # fmt: skip
DNS_STATUS = "rfc9298/3.1/dns-failure-gives-proxy-status"
OLD = "masque-http-layer/9110-7.8/http-1-0-upgrade-ignored"
HOST = "masque-http-layer/9112-3.2/missing-or-repeated-host-refused"
LATER = {"http": (2, 3)}


# Malformed messages of HTTP/2 and HTTP/3


@connection_fault(H3_MALFORMED, EXTENDED, PARTS, FORBIDDEN, PSEUDO, origin="Envoy 1.40.0")
class MalformedEndsTheConnection(ProxyHTTP3):
    """A malformed head closes the connection with H3_FRAME_ERROR, and kills the tunnels beside it."""

    def _malformed(self, stream_id: int) -> None:
        raise Broken(0x106, f"malformed on {stream_id}")


class _Closing(ServerHTTP2):
    def _refuse(self, stream_id: int) -> None:
        del stream_id
        self.stream.reset()


@proxy_fault(H2_MALFORMED, EXTENDED, PARTS, FORBIDDEN, PSEUDO, where={"http": (2,)}, origin="Envoy 1.40.0")
class MalformedDropsTCP(Proxy):
    """Over HTTP/2 a malformed head drops the connection without GOAWAY."""

    connections2 = _Closing


@connection_fault(H3_MALFORMED, EXTENDED, PARTS, origin="Envoy 1.40.0")
class EmptySchemeIsTaken(ProxyHTTP3):
    """A scheme that is empty, or missing, is https."""

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Fill it in."""
        rest = tuple((n, v) for n, v in fields if n != b":scheme")
        super().took_fields(stream_id, ((b":scheme", b"https"), *rest))


@connection_fault(FORBIDDEN)
class ConnectionFieldsAreIgnored(ProxyHTTP3):
    """Fields of HTTP/1.1 connections are ignored, and names are read in any case."""

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Leave them out."""
        left_out = CONNECTION_SPECIFIC | {b"te"}
        super().took_fields(stream_id, tuple((n.lower(), v) for n, v in fields if n.lower() not in left_out))


@connection_fault(PSEUDO)
class StrangePseudoFieldsAreIgnored(ProxyHTTP3):
    """Pseudo-fields that are unknown or come again are ignored."""

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Keep the first of those that are known."""
        known = (b":method", b":protocol", b":scheme", b":authority", b":path")
        pseudo = dict(reversed([(n, v) for n, v in fields if n in known]))
        regular = [(n, v) for n, v in fields if not n.startswith(b":")]
        super().took_fields(stream_id, (*pseudo.items(), *regular))


@proxy_fault(CONTENT, H1_REFUSED, H1_400, where=LATER, origin="Envoy 1.40.0")
class ContentFieldsAreIgnored(Proxy):
    """Content-Length and Content-Type of a request for a tunnel are ignored."""

    def content_fields(self) -> Sequence[bytes]:
        """None."""
        return ()


# Capsule-Protocol


@proxy_fault(TYPE, FALSE, PARAMETERS, origin="masque-go before #77; gost; vproxy; erlang_masque; connect-ip-go")
class CapsuleProtocolIsRequired(Proxy):
    """A request without Capsule-Protocol: ?1 is refused."""

    def check(self, tunnel: ServerTunnel) -> None:
        """Look for it."""
        super().check(tunnel)
        if capsule_protocol(tunnel.request.fields) is not True:
            raise TargetRefused(400, "no Capsule-Protocol")


@proxy_fault(TYPE, FALSE, origin="masque-go 0.4.0")
class CapsuleProtocolIsChecked(Proxy):
    """A Capsule-Protocol that is no Boolean, or false, is refused; one that is missing is not."""

    def check(self, tunnel: ServerTunnel) -> None:
        """Look at it."""
        super().check(tunnel)
        fields = tunnel.request.fields
        if values(fields, CAPSULE_PROTOCOL) and capsule_protocol(fields) is not True:
            raise TargetRefused(400, "Capsule-Protocol")


@proxy_fault(PARAMETERS, TYPE, FALSE, origin="skimasque-core 0.1.0")
class CapsuleProtocolByTheLetter(Proxy):
    """Capsule-Protocol is compared with ?1, octet by octet."""

    def check(self, tunnel: ServerTunnel) -> None:
        """Compare."""
        super().check(tunnel)
        if combined(tunnel.request.fields, CAPSULE_PROTOCOL) not in {None, b"?1"}:
            raise TargetRefused(400, "Capsule-Protocol")


@proxy_fault(SENT, origin="google/quiche; masque-go 0.4.0")
class NoCapsuleProtocol(Proxy):
    """The answer that grants a tunnel does not say Capsule-Protocol."""

    def success_fields(self) -> FieldLines:
        """None."""
        return ()


@proxy_fault(ITEM, SENT)
class CapsuleProtocolIsAToken(Proxy):
    """Capsule-Protocol says true, which is a Token."""

    def success_fields(self) -> FieldLines:
        """Another type."""
        return ((CAPSULE_PROTOCOL, b"true"),)


@proxy_fault("rfc9297/3.4/capsule-protocol-not-on-failure")
class CapsuleProtocolWithRefusals(Proxy):
    """Refusals say Capsule-Protocol too."""

    def refusal_fields(self, error: str) -> FieldLines:
        """One more."""
        return ((CAPSULE_PROTOCOL, b"?1"), *super().refusal_fields(error))


# Protocols and upgrades


@proxy_fault(*UNKNOWN, where={"asked": (2, 3)}, origin="Envoy 1.40.0")
class UnknownProtocolIs403(Proxy):
    """A protocol that is not known is answered with 403."""

    def check(self, tunnel: ServerTunnel) -> None:
        """Refuse it otherwise."""
        try:
            super().check(tunnel)
        except TargetRefused:
            raise TargetRefused(403, "no protocol that we have") from None


@proxy_fault(*UNKNOWN, H1_REFUSED)
class AnyProtocolIsTaken(Proxy):
    """Whatever the protocol, it is connect-udp."""

    def check(self, tunnel: ServerTunnel) -> None:
        """Take it."""


@proxy_fault(H1_REFUSED, H1_400, CONTENT, OLD, HOST, where={"asked": (1,)}, origin="Envoy 1.40.0")
class MalformedUpgradesAreTaken(Proxy):
    """POST, two Host fields and fields of content do not keep HTTP/1.1 from switching."""

    def malformed(self, tunnel: ServerTunnel) -> str:
        """Nothing is."""
        del tunnel
        return ""


class _AnyHost(ServerHTTP1):
    def data_received(self, data: bytes) -> None:
        """Make it one Host."""
        head, end, rest = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        if end and lines[0].endswith(b"HTTP/1.1"):
            others = [line for line in lines[1:] if not line.lower().startswith(b"host:")]
            data = b"\r\n".join([lines[0], b"Host: localhost", *others]) + end + rest
        super().data_received(data)


@proxy_fault(HOST, H1_REFUSED, H1_400, where={"asked": (1,)}, origin="Envoy 1.40.0")
class AnyHostIsTaken(Proxy):
    """No Host is as good as one, and so are two."""

    connections1 = _AnyHost


@proxy_fault(H1_400, H1_REFUSED, HOST, where={"asked": (1,)})
class MalformedUpgradesGet403(Proxy):
    """A malformed request for an upgrade is answered with 403."""

    async def refuse_malformed(self, tunnel: ServerTunnel) -> None:
        """Refuse it otherwise."""
        await self.refuse(tunnel, TargetRefused(403, "malformed"))


@proxy_fault(OLD)
class UpgradesHTTP10(Proxy):
    """HTTP/1.0 is switched too."""

    def may_switch(self, asked: Request) -> bool:
        """Always."""
        del asked
        return True


@proxy_fault("rfc9298/3.2/h1-request-connection-upgrade")
class ConnectionByTheLetter(Proxy):
    """Connection must be Upgrade, octet by octet."""

    def malformed(self, tunnel: ServerTunnel) -> str:
        """Compare."""
        if tunnel.version == 1 and combined(tunnel.request.fields, b"connection") != b"Upgrade":
            return "Connection"
        return super().malformed(tunnel)


@proxy_fault("masque-http-layer/9112-3.2.2/absolute-form-target-accepted")
class OriginFormOnly(Proxy):
    """A target in absolute form is no expansion of the template."""

    def target(self, tunnel: ServerTunnel) -> tuple[str, int]:
        """Refuse it."""
        if b"://" in tunnel.request.target:
            raise TargetRefused(404, "no expansion of the template")
        return super().target(tunnel)


@proxy_fault("rfc9297/3.1/h1-data-stream-after-headers", H1_REFUSED)
class FirstRequestOnly(Proxy):
    """A connection on which something else was asked before is not switched."""

    async def plain(self, exchange: ServerExchange) -> None:
        """Remember it."""
        exchange.connection.state["used"] = True
        await super().plain(exchange)

    def check(self, tunnel: ServerTunnel) -> None:
        """Refuse it."""
        super().check(tunnel)
        if tunnel.version == 1 and tunnel.state.get("used"):
            raise TargetRefused(400, "used before")


@proxy_fault(*SHAPE, *NO_CONTENT, origin="Envoy 1.40.0")
class UpgradeIsA200(Proxy):
    """Over HTTP/1.1 a tunnel is granted with 200, and capsules are the content of that answer."""

    def success(self, tunnel: ServerTunnel) -> Message:
        """Another answer."""
        if tunnel.version != 1:
            return super().success(tunnel)
        return response(200, [*self.success_fields(), (b"Transfer-Encoding", b"chunked")], b"")


@proxy_fault(*NO_CONTENT)
class ContentTypeWithSuccess(Proxy):
    """The answer that grants a tunnel has a Content-Type."""

    def success_fields(self) -> FieldLines:
        """One more."""
        return (*super().success_fields(), (b"content-type", b"application/octet-stream"))


@proxy_fault(
    "rfc9298/3.5/success-status-any-2xx", "rfc9297/3.2/no-204-205-206-response", where=LATER | {"asked": (2, 3)}
)
class SuccessIs204(Proxy):
    """A tunnel is granted with 204."""

    def success(self, tunnel: ServerTunnel) -> Message:
        """Another status."""
        made = super().success(tunnel)
        if tunnel.version > 1:
            made.parts["status"] = b"204"
        return made


# Proxy-Status


@proxy_fault(DNS_STATUS, origin="Envoy 1.40.0; google/quiche")
class NoProxyStatus(Proxy):
    """A name that does not resolve is refused without a word."""

    def refusal_fields(self, error: str) -> FieldLines:
        """None."""
        del error
        return ()


@proxy_fault("masque-http-layer/9209-2.1.1/proxy-status-error-registered-token", origin="masque-go; google/quiche")
class ProxyStatusErrorIsAString(Proxy):
    """The error of Proxy-Status is a String."""

    def refusal_fields(self, error: str) -> FieldLines:
        """Another type."""
        return ((b"proxy-status", f'reference; error="{error}"'.encode()),) if error else ()


@proxy_fault("masque-http-layer/9209-2.1/proxy-status-parameters-well-typed", origin="h2o before #3265")
class ProxyStatusCodeIsAToken(Proxy):
    """The rcode of Proxy-Status is a Token."""

    def refusal_fields(self, error: str) -> FieldLines:
        """Another type."""
        return ((b"proxy-status", f"reference; error={error}; rcode=NXDOMAIN".encode()),) if error else ()


@proxy_fault("masque-http-layer/9209-2/proxy-status-is-list", DNS_STATUS)
class ProxyStatusIsNoList(Proxy):
    """Proxy-Status is free text."""

    def refusal_fields(self, error: str) -> FieldLines:
        """Another grammar."""
        return ((b"proxy-status", b"could not resolve: " + error.encode()),) if error else ()


@proxy_fault("masque-http-layer/9209-2.3/status-code-fits-error-type")
class NamesThatDoNotResolveAre404(Proxy):
    """A name that does not resolve is refused with 404, and dns_error."""

    async def refuse(self, tunnel: ServerTunnel, why: TargetRefused) -> None:
        """Another status."""
        await super().refuse(tunnel, TargetRefused(404, why.reason, why.error) if why.error else why)


FAULTS = faults_of(__name__)
