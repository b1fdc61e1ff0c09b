"""Faults of proxies in HTTP/3: datagrams, settings, frames (RFC 9297, Section 2; RFC 9114)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.bench import faults_of
from conformance.net import ServerTunnel
from conformance.net._session3 import Broken, Incoming
from conformance.protocols.masque.faults._kit import connection_fault, proxy_fault
from conformance.protocols.masque.messages import quic_datagram, udp_payload
from conformance.protocols.masque.peers import Proxy, ProxyHTTP3, Relay
from conformance.wire import DecodeError
from conformance.wire.http import FieldLines, Piece, decode_settings

OVERFLOW = "rfc9297/2.1/quarter-stream-id-overflow-refused"
SHORT = "rfc9297/2.1/truncated-quarter-stream-id-refused"
LIMIT = "rfc9297/2.1/datagram-beyond-stream-limit-refused"
TO_COME = "rfc9297/2.1/datagram-before-stream-tolerated"
BEFORE, OPTIMISTIC = "rfc9298/5/datagram-before-request-tolerated", "rfc9298/5/optimistic-udp-allowed-h2-h3"
BEHIND = "rfc9297/2.1/datagram-after-receive-close-dropped"
UNEXPECTED = ("rfc9297/2/unexpected-datagram-aborts-request", "rfc9297/2/h3-abort-uses-datagram-error")
VALUE = ("rfc9297/2.1.1/invalid-h3-datagram-setting-refused", "rfc9297/2.1.1/h3-datagram-setting-maximum-one")
RESERVED = "masque-http-layer/9114-7.2.4.1/reserved-h2-settings-refused"
UNKNOWN = "masque-http-layer/9114-7.2.4/unknown-settings-ignored"
TWICE = "masque-http-layer/9114-7.2.4/duplicate-setting-ids-forbidden"
FIRST = "masque-http-layer/9114-6.2.1/settings-first-on-control-stream"
FALLBACK = ("rfc9297/2.2/capsule-fallback-without-h3-datagrams",
            "rfc9297/2.1.1/no-datagram-before-settings-exchange")  # fmt: skip
SUPPORT = (
    "rfc9297/2.1.1/h3-datagram-setting-is-boolean",
    "rfc9297/2.1.1/h3-datagram-setting-announces-support",
    "rfc9297/2.1.1/h3-datagram-setting-always-sent",
)
EXTENDED = ("rfc9298/3.4/enable-connect-protocol-sent", "masque-http-layer/9220-3/enable-connect-protocol-id-0x08",
            "masque-http-layer/8441-3/enable-connect-protocol-is-boolean")  # fmt: skip
FRAMES = "masque-http-layer/9114-4.4/h3-connect-only-data-frames"
LIMIT_9221 = "masque-http-layer/9221-3/datagram-frame-within-peer-limit"
H3 = {"http": (3,)}
Pairs = tuple[tuple[int, int], ...]


@connection_fault(OVERFLOW, origin="Envoy 1.40.0")
class QuarterOverflowIsAFrameError(ProxyHTTP3):
    """A quarter stream ID that is too large closes the connection with H3_FRAME_ERROR."""

    def bad_datagram(self, octets: bytes, why: DecodeError) -> None:
        """Close with another code."""
        if "quarter of no" in why.reason:
            raise Broken(0x106, str(why))
        super().bad_datagram(octets, why)


@connection_fault(SHORT, origin="Envoy 1.40.0; neqo")
class ShortDatagramsAreIgnored(ProxyHTTP3):
    """A DATAGRAM frame that is too short for a quarter stream ID is ignored."""

    def bad_datagram(self, octets: bytes, why: DecodeError) -> None:
        """Ignore it."""
        if "quarter of no" in why.reason:
            super().bad_datagram(octets, why)


@connection_fault(OVERFLOW, SHORT, origin="h2o master")
class BadDatagramsAreGeneralErrors(ProxyHTTP3):
    """What is wrong with a datagram closes the connection with H3_GENERAL_PROTOCOL_ERROR."""

    def bad_datagram(self, octets: bytes, why: DecodeError) -> None:
        """Close with another code."""
        del octets
        raise Broken(0x101, str(why))


@connection_fault(LIMIT, origin="Envoy 1.40.0")
class BeyondTheLimitIsAFrameError(ProxyHTTP3):
    """A datagram for a stream beyond the limit closes the connection with H3_FRAME_ERROR."""

    def beyond_the_limit(self, stream_id: int) -> None:
        """Close with another code."""
        raise Broken(0x106, f"no stream {stream_id}")


@connection_fault(TO_COME, BEFORE, OPTIMISTIC)
class DatagramForAStreamToComeEndsTheConnection(ProxyHTTP3):
    """A datagram for a stream that is not there yet ends the connection."""

    def took_datagram(self, stream_id: int, payload: bytes, octets: bytes) -> None:
        """Close."""
        if stream_id not in self._tunnels and stream_id not in self._coming and stream_id // 4 < 128:
            raise Broken(0x108, f"no stream {stream_id}")
        super().took_datagram(stream_id, payload, octets)


@connection_fault(*UNEXPECTED, origin="quic-go http3")
class DatagramsOnOtherRequestsAreIgnored(ProxyHTTP3):
    """A datagram for a request that has none is ignored."""

    def without_datagrams(self, stream_id: int) -> None:
        """Ignore it."""


@connection_fault(*UNEXPECTED)
class DatagramsOnOtherRequestsEndTheConnection(ProxyHTTP3):
    """A datagram for a request that has none ends the connection, and tunnels beside it."""

    def without_datagrams(self, stream_id: int) -> None:
        """Close."""
        raise Broken(0x33, f"datagrams on stream {stream_id}")


@proxy_fault(BEFORE, OPTIMISTIC, where={"http": (2, 3)})
class EarlyPayloadsAreErrors(Proxy):
    """A payload that comes before the answer resets the stream."""

    async def accept(self, tunnel: ServerTunnel) -> None:
        """Look whether something came."""
        if await tunnel.quiet(0.1) is not None:
            tunnel.answered = True
            await tunnel.reset()
        await super().accept(tunnel)


@proxy_fault(BEHIND, where=H3, origin="Envoy 1.40.0")
class TakesDatagramsBehindTheEnd(Relay):
    """The end of the client's side of the stream changes nothing."""

    async def ended(self) -> bool:
        """Go on."""
        self.cut()
        return True


# Settings


@connection_fault(*VALUE, origin="quic-go http3; h2o master")
class BadSettingIsAFrameError(ProxyHTTP3):
    """An H3_DATAGRAM setting that is neither 0 nor 1 closes the connection with H3_FRAME_ERROR."""

    def check_settings(self, pairs: Pairs) -> None:
        """Close with another code."""
        if dict(pairs).get(0x33, 0) > 1:
            raise Broken(0x106, "H3_DATAGRAM")
        super().check_settings(pairs)


@connection_fault(*VALUE, origin="hyperium/h3")
class SettingValuesAreNotChecked(ProxyHTTP3):
    """Any value of H3_DATAGRAM is taken."""

    def check_settings(self, pairs: Pairs) -> None:
        """Look at the others."""
        super().check_settings(tuple((n, min(v, 1) if n == 0x33 else v) for n, v in pairs))


@connection_fault(RESERVED)
class ReservedSettingsAreTaken(ProxyHTTP3):
    """Settings of HTTP/2 are ignored."""

    def check_settings(self, pairs: Pairs) -> None:
        """Look at the others."""
        super().check_settings(tuple((n, v) for n, v in pairs if n not in {2, 3, 4, 5}))


@connection_fault(UNKNOWN)
class UnknownSettingsAreErrors(ProxyHTTP3):
    """A setting that is not known closes the connection."""

    def check_settings(self, pairs: Pairs) -> None:
        """Refuse what is not known."""
        super().check_settings(pairs)
        if any(n not in {0x1, 0x6, 0x7, 0x8, 0x33} for n, _ in pairs):
            raise Broken(0x109, "an unknown setting")


@connection_fault(TWICE)
class SettingTwiceIsAGeneralError(ProxyHTTP3):
    """A setting that stands twice closes the connection with H3_GENERAL_PROTOCOL_ERROR."""

    def check_settings(self, pairs: Pairs) -> None:
        """Close with another code."""
        if len(dict(pairs)) < len(pairs):
            raise Broken(0x101, "twice")
        super().check_settings(pairs)


@connection_fault(FIRST)
class AnyFrameMayComeFirst(ProxyHTTP3):
    """The control stream may begin with another frame than SETTINGS."""

    def _control(self, incoming: Incoming, piece: Piece) -> None:
        if incoming.frames == 0 and piece.type != 0x4:
            return
        super()._control(incoming, piece)

    def _settings(self, value: bytes) -> None:
        decode_settings(value)
        super()._settings(value)


@proxy_fault(*FALLBACK, where=H3, origin="hyperium/h3")
class DatagramsWithoutTheSetting(Relay):
    """QUIC datagrams are sent although the client did not say that it takes them."""

    def by_datagram(self) -> bool:
        """Always."""
        return self.tunnel.version == 3


@proxy_fault(*FALLBACK, LIMIT_9221, where=H3, origin="masque-go 0.4.0")
class NoRepliesWithoutDatagrams(Relay):
    """What comes from the target is dropped where the client takes no datagrams."""

    async def to_client(self, octets: bytes) -> None:
        """Send datagrams only."""
        if self.tunnel.version != 3:
            await super().to_client(octets)
        elif self.by_datagram():
            await self.tunnel.datagram(quic_datagram(self.tunnel.quarter, udp_payload(octets)).build())


@proxy_fault(*SUPPORT, where=H3)
class NoDatagramSetting(Proxy):
    """H3_DATAGRAM is not among the settings, although datagrams are taken."""

    def pairs(self) -> Sequence[tuple[int, int]]:
        """One less."""
        return ((0x8, 1),)


@proxy_fault(*EXTENDED, where={"http": (2, 3)})
class NoConnectProtocolSetting(Proxy):
    """ENABLE_CONNECT_PROTOCOL is not among the settings, although extended CONNECT is taken."""

    def pairs(self) -> Sequence[tuple[int, int]]:
        """One less."""
        return ((0x33, 1),)

    def http2_settings(self) -> Mapping[int, int]:
        """None."""
        return {}


# Frames and streams


@connection_fault(FRAMES)
class UnknownFramesAreErrors(ProxyHTTP3):
    """A frame of a reserved type on a tunnel's stream closes the connection."""

    def frame_begins(self, incoming: Incoming, piece: Piece) -> None:
        """Refuse it."""
        super().frame_begins(incoming, piece)
        if piece.type > 0xD:
            raise Broken(0x105, "an unknown frame")


@connection_fault(FRAMES)
class ControlFramesAreIgnored(ProxyHTTP3):
    """A frame of control streams on a tunnel's stream is ignored."""

    def frame_begins(self, incoming: Incoming, piece: Piece) -> None:
        """Let it pass."""
        if piece.type not in {0x4, 0x7, 0xD}:
            super().frame_begins(incoming, piece)


@connection_fault("masque-http-layer/9114-7.1/h3-frame-length-exact")
class CutFramesAreACleanEnd(ProxyHTTP3):
    """A stream that ends within a frame ends as if all were well."""

    def _request_stream(self, incoming: Incoming, data: bytes, end: bool) -> None:
        try:
            super()._request_stream(incoming, data, end)
        except Broken as why:
            if "within a frame" not in why.reason:
                raise
            self.took_end(incoming.stream_id)


@connection_fault("masque-http-layer/9114-7.2.4.2/no-blocking-on-settings")
class WaitsForSettings(ProxyHTTP3):
    """Requests wait until the client's settings came."""

    def took_fields(self, stream_id: int, fields: FieldLines) -> None:
        """Take it, or let it wait."""
        if self.peer_settings is not None:
            super().took_fields(stream_id, fields)


class _AnyParameter(ProxyHTTP3):
    def check_settings(self, pairs: Pairs) -> None:
        """Look at the others."""
        super().check_settings(tuple(p for p in pairs if p[0] != 0x33))


class _AlwaysDatagrams(Relay):
    def by_datagram(self) -> bool:
        """Always."""
        return self.tunnel.version == 3

    def fits(self, size: int) -> bool:
        """Always."""
        del size
        return True


@proxy_fault(
    "masque-http-layer/9221-3/datagram-needs-transport-parameter",
    "masque-http-layer/9297/setting-without-parameter-no-frames",
    LIMIT_9221,
    *FALLBACK,
    *VALUE,
    where=H3,
)
class TransportParameterIsNotLookedAt(Proxy):
    """QUIC datagrams of any size are sent to whoever announces H3_DATAGRAM, or does not."""

    connections = _AnyParameter
    relay = _AlwaysDatagrams


@proxy_fault("rfc9297/2.1/quarter-stream-id-starts-payload", LIMIT_9221, where=H3)
class QuarterOfOneOctet(Relay):
    """Replies carry the quarter stream ID modulo 64."""

    async def to_client(self, octets: bytes) -> None:
        """Send it, perhaps to another tunnel."""
        tunnel: Any = self.tunnel
        if self.by_datagram():
            await tunnel.datagram(quic_datagram(tunnel.quarter % 64, udp_payload(octets)).build())
        else:
            await super().to_client(octets)


@connection_fault("masque-http-layer/9114-4.1.1/correct-cancel-and-reject-codes",
                  "masque-http-layer/9114-8.1/unknown-error-codes-tolerated",
                  "rfc9297/2.1/quarter-stream-id-starts-payload", "rfc9297/3.2/capsule-message-violation-malformed",
                  "rfc9298/5/oversize-udp-payload-aborts-stream", "rfc9297/3.3/stream-end-inside-capsule-malformed",
    "rfc9297/3.3/capsule-errors-treated-as-malformed")  # fmt: skip
class ResetEndsTheConnection(ProxyHTTP3):
    """A stream that the client resets takes the connection with it."""

    def took_reset(self, stream_id: int, code: int) -> None:
        """Close."""
        raise Broken(0x102, f"reset {stream_id} with {code}")


FAULTS = faults_of(__name__)
