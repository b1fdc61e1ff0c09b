"""What a side of HTTP/3 says at first. Cheap to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioquic.quic.configuration import QuicConfiguration

ALPN = "h3"
CONNECT_PROTOCOL, H3_DATAGRAM = 0x8, 0x33


@dataclass(frozen=True, slots=True)
class QUICSettings:
    """What can be set of a connection.

    `max_datagram_frame_size` is the transport parameter (None: not announced; RFC 9221, Section 3), `packet` the
    largest UDP payload that we send, `max_data` and `max_stream_data` are the windows that we open at first, `idle` the
    seconds after which a silent connection is over.
    """

    max_datagram_frame_size: int | None = 65535
    packet: int = 1452
    max_data: int = 1 << 24
    max_stream_data: int = 1 << 24
    idle: float = 60.0

    def configuration(self, *, client: bool) -> QuicConfiguration:
        """In aioquic's words."""
        from aioquic.quic.configuration import QuicConfiguration

        return QuicConfiguration(
            alpn_protocols=[ALPN],
            is_client=client,
            idle_timeout=self.idle,
            max_datagram_frame_size=self.max_datagram_frame_size,
            max_datagram_size=self.packet,
            max_data=self.max_data,
            max_stream_data=self.max_stream_data,
        )


@dataclass(frozen=True, slots=True)
class HTTP3Settings:
    """What a side says at first.

    `pairs` are the settings in order; `control`, where given, are the octets with which our control stream begins in
    place of them (none: no control stream is opened). `quic` are the settings below.
    """

    pairs: tuple[tuple[int, int], ...] = ((CONNECT_PROTOCOL, 1), (H3_DATAGRAM, 1))
    control: bytes | None = None
    quic: QUICSettings = field(default_factory=QUICSettings)
