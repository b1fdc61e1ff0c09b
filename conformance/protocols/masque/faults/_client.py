"""Faults of clients (RFC 9298; RFC 9297; RFC 9931)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from conformance.bench import Reply, faults_of
from conformance.net import Connection, HTTP3Settings, Nobody, Seen, Tunnel
from conformance.net._http3 import HTTP3
from conformance.net._session3 import Broken, Incoming
from conformance.protocols.masque.faults._kit import client_fault
from conformance.protocols.masque.messages import (
    CAPSULE_PROTOCOL,
    WELL_KNOWN,
    CapsuleStream,
    Payload,
    capsule_datagram,
    decode_payload_untrusted,
    quic_datagram,
    target_of,
    template_of,
    udp_payload,
)
from conformance.protocols.masque.peers import Client
from conformance.protocols.masque.peers._client import Failed
from conformance.wire import DecodeError, Message
from conformance.wire.http import CapsuleReader, FieldLines, Piece, capsule_protocol, upgrade, values

ABORTS = "rfc9298/3.1/client-aborts-on-non-success"
H1_ABORTS, LATER_ABORTS = "rfc9298/3.3/h1-bad-response-closes-connection", "rfc9298/3.5/bad-response-aborts-request"
ANY_2XX = "rfc9298/3.5/success-status-any-2xx"
CONTENT = "rfc9297/3.2/capsule-message-violation-malformed"
TYPE, FALSE = "rfc9297/3.4/capsule-protocol-wrong-type-ignored", "rfc9297/3.4/capsule-protocol-false-is-absent"
PARAMETERS = "rfc9297/3.4/unknown-parameters-ignored"
UNKNOWN, SKIPPED = "rfc9298/5/unknown-context-id-dropped", "rfc9297/3.2/unknown-capsule-skipped"
RESERVED, WIDTHS = "rfc9297/5.4/reserved-capsule-types-skipped", "rfc9297/1.1/non-minimal-varints-accepted"
CUT, ERRORS = "rfc9297/3.3/stream-end-inside-capsule-malformed", "rfc9297/3.3/capsule-errors-treated-as-malformed"
OVERSIZE, WHOLE = "rfc9298/5/oversize-udp-payload-aborts-stream", "rfc9298/5/udp-payload-unmodified"
RESETS = "masque-http-layer/9114-8.1/unknown-error-codes-tolerated"
CONTEXTLESS, CONTEXT = "rfc9297/2.1/empty-datagram-payload-accepted", "rfc9298/5/context-id-precedes-payload"
SETTING = "rfc9297/2.1.1/invalid-h3-datagram-setting-refused"
RESERVED_SETTINGS = "masque-http-layer/9114-7.2.4.1/reserved-h2-settings-refused"
FIRST = "masque-http-layer/9114-6.2.1/settings-first-on-control-stream"
SUPPORT = ("rfc9297/2.1.1/h3-datagram-setting-announces-support", "rfc9297/2.1.1/h3-datagram-setting-is-boolean")
VALIDATES, EXPANDS = "rfc9298/2/client-validates-template", "rfc9298/3/client-expands-template"
IPV6 = "rfc9298/3/ipv6-colons-percent-encoded"
FALLBACK = ("rfc9297/2.2/capsule-fallback-without-h3-datagrams",
            "rfc9297/2.1.1/no-datagram-before-settings-exchange")  # fmt: skip
EXTENDED = "masque-http-layer/8441-3/extended-connect-only-after-setting"
SETTINGS = "masque-http-layer/9114-7.2.4/unknown-settings-ignored"
QUARTERS = ("rfc9297/2.1/truncated-quarter-stream-id-refused", "rfc9297/2.1/quarter-stream-id-overflow-refused")
H3, LATER = {"http": (3,)}, {"http": (2, 3)}


@client_fault(ABORTS, H1_ABORTS, LATER_ABORTS, CONTENT, OVERSIZE, CUT, ERRORS, RESETS, *QUARTERS)
class TakesEveryAnswer(Client):
    """Whatever the status, the tunnel is used; where nothing comes back, that is the application's matter."""

    def wrong(self, tunnel: Tunnel, answer: Seen) -> str:
        """Nothing is."""
        del tunnel, answer
        return ""

    async def receive(self, tunnel: Tunnel, reader: CapsuleStream, back: list[bytes], until: float) -> None:
        """Take what comes, and no notice of the end."""
        try:
            await super().receive(tunnel, reader, back, until)
        except Exception:  # noqa: BLE001 - the fault
            return


@client_fault(H1_ABORTS, LATER_ABORTS, CONTENT)
class UpgradeIsNotLookedAt(Client):
    """Over HTTP/1.1 the status is enough."""

    def wrong(self, tunnel: Tunnel, answer: Seen) -> str:
        """Look at the status."""
        return "" if self.success(tunnel, answer.status) else f"status {answer.status}"


@client_fault(ANY_2XX, where=LATER, origin="Envoy 1.40.0")
class Only200(Client):
    """Of the statuses of success only 200 is taken."""

    def success(self, tunnel: Tunnel, status: int) -> bool:
        """200."""
        return status == (101 if tunnel.version == 1 else 200)


@client_fault(CONTENT, LATER_ABORTS, where=LATER)
class NoContentIsSuccess(Client):
    """204, 205 and 206 are taken."""

    def no_content(self) -> Sequence[int]:
        """None."""
        return ()


@client_fault(CONTENT, origin="Envoy 1.40.0")
class ContentFieldsAreTaken(Client):
    """Content-Length and Content-Type in the answer are ignored."""

    def content_fields(self) -> Sequence[bytes]:
        """None."""
        return ()


@client_fault(TYPE, FALSE, PARAMETERS, origin="erlang_masque")
class AnswerNeedsCapsuleProtocol(Client):
    """An answer without Capsule-Protocol: ?1 is refused."""

    def wrong(self, tunnel: Tunnel, answer: Seen) -> str:
        """Look for it."""
        missing = capsule_protocol(answer.fields) is not True
        return super().wrong(tunnel, answer) or ("no Capsule-Protocol" if missing else "")


@client_fault(PARAMETERS, TYPE, FALSE, origin="skimasque-core 0.1.0")
class AnswersCapsuleProtocolByTheLetter(Client):
    """A Capsule-Protocol that is not ?1, octet by octet, is refused."""

    def wrong(self, tunnel: Tunnel, answer: Seen) -> str:
        """Compare."""
        other = [v for v in values(answer.fields, CAPSULE_PROTOCOL) if v != b"?1"]
        return super().wrong(tunnel, answer) or ("Capsule-Protocol" if other else "")


@client_fault(ABORTS)
class InterimIsFinal(Client):
    """An interim answer is taken for the final one."""

    async def check(self, tunnel: Tunnel, answer: Seen) -> None:
        """Look at the first."""
        await super().check(tunnel, tunnel.informational[0] if tunnel.informational else answer)


@client_fault(UNKNOWN, origin="gost")
class EveryContextIsUDP(Client):
    """What comes in a context that nobody opened goes to the application."""

    def is_udp(self, payload: Payload) -> bool:
        """Every context."""
        del payload
        return True


@client_fault(UNKNOWN, CONTEXTLESS, origin="curl 8.21")
class StrangeContextsEndTheTunnel(Client):
    """What comes in a context that nobody opened, or in none, is an error."""

    def took_payload(self, octets: bytes, back: list[bytes]) -> None:
        """Refuse it."""
        if decode_payload_untrusted(octets).context != 0:
            raise DecodeError("context", 0, "unknown")
        super().took_payload(octets, back)


class _Strict(CapsuleStream):
    def __init__(self) -> None:
        super().__init__()
        self.reader = CapsuleReader(1 << 22)

    @property
    def between(self) -> bool:
        return self.reader.between

    def feed(self, data: bytes) -> list[bytes]:
        found = self.reader.feed(data)
        if any(c.type != 0 for c in found):
            raise DecodeError("capsule", 0, "an unknown type")
        return [c.value for c in found]

    def end(self) -> None:
        self.reader.end()


@client_fault(SKIPPED, RESERVED, WIDTHS, origin="connect-ip-go 0.1.0; curl 8.21 (unit3400.c)")
class UnknownCapsulesEndTheTunnel(Client):
    """A capsule of a type that is not known is an error."""

    def reader(self) -> CapsuleStream:
        """Another."""
        return _Strict()


class _Lax(_Strict):
    def feed(self, data: bytes) -> list[bytes]:
        return [c.value for c in self.reader.feed(data) if c.type == 0]


@client_fault(OVERSIZE)
class LargePayloadsAreDropped(Client):
    """A payload that is larger than any UDP payload is dropped."""

    def reader(self) -> CapsuleStream:
        """Another."""
        return _Lax()

    def took_payload(self, octets: bytes, back: list[bytes]) -> None:
        """Drop it."""
        if len(octets) <= 65528:
            super().took_payload(octets, back)


@client_fault(CUT, ERRORS, RESETS, OVERSIZE, *QUARTERS, where=LATER, origin="Envoy 1.40.0; masque-go 0.4.0")
class EndsAreNotTold(Client):
    """However the tunnel ends, the application is told what came until then."""

    async def receive(self, tunnel: Tunnel, reader: CapsuleStream, back: list[bytes], until: float) -> None:
        """Take what comes."""
        try:
            await super().receive(tunnel, reader, back, until)
        except Exception:  # noqa: BLE001 - the fault
            return


@client_fault(WHOLE)
class RepliesAreCutAt500(Client):
    """What comes back is cut at 500 octets."""

    def took_payload(self, octets: bytes, back: list[bytes]) -> None:
        """Cut it."""
        super().took_payload(octets[:500], back)


@client_fault(CONTEXT, WIDTHS)
class ContextHasOneOctet(Client):
    """The context ID is always one octet."""

    def took_payload(self, octets: bytes, back: list[bytes]) -> None:
        """Cut it off."""
        if octets[:1] == b"\0":
            back.append(octets[1:])


@client_fault(*FALLBACK, where=H3)
class DatagramsInAnyCase(Client):
    """QUIC datagrams are sent although the proxy did not say that it takes them."""

    async def send(self, tunnel: Tunnel, octets: bytes) -> None:
        """Send one."""
        await tunnel.datagram(quic_datagram(tunnel.quarter, udp_payload(octets)).build())


@client_fault(EXTENDED, where=H3)
class AsksWithoutTheSetting(Client):
    """Extended CONNECT is used whether or not it was announced."""

    async def settled(self, connection: Connection) -> None:
        """Wait for nothing."""


class _Unchecked(HTTP3):
    def check_settings(self, pairs: tuple[tuple[int, int], ...]) -> None:
        """Check nothing."""

    def bad_datagram(self, octets: bytes, why: DecodeError) -> None:
        """Ignore it."""

    def _control(self, incoming: Incoming, piece: Piece) -> None:
        if piece.type != 0x7:
            super()._control(incoming, piece)
        else:
            self.peer_settings = ((0x8, 1), (0x33, 1))


@client_fault(SETTING, RESERVED_SETTINGS, FIRST, *QUARTERS, where=H3)
class LooksAtNothingInHTTP3(Client):
    """Values of settings and quarter stream IDs are not checked."""

    async def settled(self, connection: Connection) -> None:
        """Check nothing from here on; what came before is read again."""
        connection.__class__ = _Unchecked
        await super().settled(connection)


class _Known(HTTP3):
    def check_settings(self, pairs: tuple[tuple[int, int], ...]) -> None:
        """Refuse what is not known."""
        super().check_settings(pairs)
        if any(n not in {0x1, 0x6, 0x7, 0x8, 0x33} for n, _ in pairs):
            raise Broken(0x109, "an unknown setting")


@client_fault(SETTINGS, where=H3)
class UnknownSettingsEndTheConnection(Client):
    """A setting that is not known closes the connection."""

    async def settled(self, connection: Connection) -> None:
        """Look at them."""
        connection.__class__ = _Known
        await super().settled(connection)
        if isinstance(connection, _Known):
            try:
                connection.check_settings(connection.peer_settings or ())
            except Broken as why:
                raise Failed("settings", str(why)) from why


class _OneOctet(HTTP3):
    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Take what follows the first octet."""
        del stream_id, payload
        super().took_datagram(4 * octets[0], octets[1:], octets)


@client_fault(WIDTHS, where=H3)
class QuarterHasOneOctet(Client):
    """The quarter stream ID is always one octet."""

    async def settled(self, connection: Connection) -> None:
        """Read it otherwise from here on."""
        connection.__class__ = _OneOctet
        await super().settled(connection)


@client_fault(*SUPPORT, where=H3)
class DoesNotAnnounceDatagrams(Client):
    """H3_DATAGRAM is not among the settings, although datagrams are taken."""

    def http3_settings(self) -> HTTP3Settings:
        """One less."""
        return HTTP3Settings(((0x8, 1),))


@client_fault(VALIDATES, EXPANDS)
class TemplatesAreNotLookedAt(Client):
    """Only the default path is known: whatever stands in the template, that is asked for."""

    async def masque_client_connect_udp(
        self, template: str, host: str, port: int, payloads: list[str], http: int, certificate: str = ""
    ) -> Reply:
        """Put the default path behind the origin."""
        parts = urlsplit(template)
        own = f"{parts.scheme}://{parts.netloc.partition('{')[0]}{WELL_KNOWN}"
        return await super().masque_client_connect_udp(own, host, port, payloads, http, certificate)


@client_fault(IPV6, EXPANDS)
class BracketsAroundIPv6(Client):
    """An IPv6 address stands in brackets."""

    async def asked(self, connection: Connection, template: str, host: str, port: int) -> Tunnel:
        """Put them there."""
        return await super().asked(connection, template, f"[{host}]" if ":" in host else host, port)


# What clients send


class _Asking(Client):
    async def asked(self, connection: Connection, template: str, host: str, port: int) -> Tunnel:
        """Ask for another token."""
        parts = urlsplit(template)
        made = upgrade(
            b"Connect-UDP", target_of(template_of(template), host, str(port)), parts.netloc.encode(),  # type: ignore[arg-type]
            self.fields(), version=connection.version, scheme=parts.scheme.encode(),
        )  # fmt: skip
        return await connection.tunnel(Nobody(), made.build(), "connect")


@client_fault("rfc9298/3.4/method-is-connect", "rfc9298/3.4/protocol-is-connect-udp",
              "rfc9298/3.4/path-and-scheme-nonempty", where=LATER)  # fmt: skip
class AsksInCapitals(_Asking):
    """The protocol is written Connect-UDP."""


@client_fault("rfc9297/3.2/content-fields-absent-with-capsules")
class AnnouncesContent(Client):
    """The request has a Content-Type."""

    def fields(self) -> FieldLines:
        """One more."""
        return ((b"content-type", b"application/octet-stream"), *super().fields())


@client_fault(
    "rfc9298/3.2/h1-request-method-get",
    "rfc9298/3.2/h1-request-connection-upgrade",
    "rfc9298/3.2/h1-request-upgrade-connect-udp",
    "masque-http-layer/9110-7.8/upgrade-needs-connection-upgrade",
    where={"http": (1,)},
)
class NamesAnotherUpgradeToo(Client):
    """Over HTTP/1.1 the request names another upgrade too."""

    def fields(self) -> FieldLines:
        """One more."""
        return ((b"Upgrade", b"websocket"), *super().fields())


@client_fault("rfc9297/3.4/capsule-protocol-sent")
class SaysNoCapsuleProtocol(Client):
    """The request does not say Capsule-Protocol."""

    def fields(self) -> FieldLines:
        """None."""
        return ()


@client_fault(
    IPV6, "rfc9298/3/client-expands-template", "rfc9298/3.4/authority-is-the-proxy", origin="Chromium (older)"
)
class EverythingIsEncoded(Client):
    """Digits and dots of the target are percent-encoded too."""

    def placed(self, target: Message) -> Message:
        """Encode all."""
        for name in ("target_host", "target_port"):
            target.parts[name] = b"".join(b"%%%02X" % o for o in target.parts[name])
        return target


class _Other(Client):
    async def asked(self, connection: Connection, template: str, host: str, port: int) -> Tunnel:
        """Name another authority."""
        other = self.other(template)
        return await super().asked(connection, other, host, port)

    def other(self, template: str) -> str:
        """The same template elsewhere."""
        return template.replace("127.0.0.1", "localhost")


@client_fault("rfc9298/3.4/authority-is-the-proxy")
class NamesAnotherAuthority(_Other):
    """The authority of requests is another name of the proxy than the template's."""


@client_fault("rfc9298/general/no-optimistic-udp-in-h1", "rfc9298/4/context-id-zero-udp-payload", where={"http": (1,)})
class SendsBeforeTheAnswer(Client):
    """Payloads leave before the answer, over HTTP/1.1 too."""

    async def early(self, tunnel: Tunnel, payloads: Sequence[bytes]) -> int:
        """Send one more."""
        del payloads
        await tunnel.send(capsule_datagram(udp_payload(b"early", 2)).build())
        return 0


@client_fault("rfc9298/4/context-id-zero-udp-payload")
class SendsInAnotherContextToo(Client):
    """Each payload is sent in another context too."""

    async def send(self, tunnel: Tunnel, octets: bytes) -> None:
        """Send it twice."""
        await super().send(tunnel, octets)
        await tunnel.send(capsule_datagram(udp_payload(octets, 2)).build())


FAULTS = faults_of(__name__)
