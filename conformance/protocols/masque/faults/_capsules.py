"""Faults of proxies in capsules (RFC 9297, Section 3)."""

from __future__ import annotations

from conformance.bench import faults_of
from conformance.net._tunnel import Seen
from conformance.protocols.masque.faults._kit import proxy_fault
from conformance.protocols.masque.messages import CapsuleStream, decode_payload_untrusted
from conformance.protocols.masque.peers import Relay
from conformance.wire import DecodeError
from conformance.wire.http import Capsule, CapsuleReader

SKIPPED = "rfc9297/3.2/unknown-capsule-skipped"
RESERVED = "rfc9297/5.4/reserved-capsule-types-skipped"
BOUNDARIES = "rfc9297/3.1/capsules-ignore-frame-boundaries"
LAYOUT = "rfc9297/3.2/capsule-layout-type-length-value"
WIDTHS = "rfc9297/1.1/non-minimal-varints-accepted"
CUT, ERRORS = "rfc9297/3.3/stream-end-inside-capsule-malformed", "rfc9297/3.3/capsule-errors-treated-as-malformed"
OVERSIZE = "rfc9298/5/oversize-udp-payload-aborts-stream"
HUGE = "rfc9297/3.5/oversize-capsule-discarded-unbuffered"
FALLBACK = "rfc9297/2.2/capsule-fallback-without-h3-datagrams"
EQUALS = "rfc9297/3.5/datagram-capsule-equals-frame"
MEBI = 1 << 20


class Whole(CapsuleStream):
    """Takes capsules when they are whole, each in `took`."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = CapsuleReader(1 << 22)

    @property
    def between(self) -> bool:
        """Whether no capsule is begun."""
        return self.reader.between

    def feed(self, data: bytes) -> list[bytes]:
        """Take octets."""
        return [value for found in self.reader.feed(data) if (value := self.took(found)) is not None]

    def took(self, found: Capsule) -> bytes | None:
        """Take a capsule."""
        return found.value if found.type == 0 else None

    def end(self) -> None:
        """The stream is over."""
        self.reader.end()


@proxy_fault(EQUALS, FALLBACK, where={"http": (3,)}, origin="masque-go 0.4.0; cloudflare/quiche")
class DiscardsDatagramCapsules(Relay):
    """Over HTTP/3, what comes on the stream is thrown away."""

    def took_payload(self, octets: bytes, *, by_capsule: bool) -> None:
        """Take datagrams only."""
        if not (by_capsule and self.tunnel.version == 3):
            super().took_payload(octets, by_capsule=by_capsule)


@proxy_fault(BOUNDARIES, "rfc9297/3.2/no-whole-capsule-buffering", CUT, ERRORS, SKIPPED, RESERVED, HUGE, OVERSIZE,
             "rfc9298/5/payload-beyond-link-limit-discarded", "rfc9298/5/udp-payload-unmodified")  # fmt: skip
class CapsulesBeginWithFrames(Relay):
    """Every piece that is read from the stream is taken for whole capsules."""

    async def took(self, seen: Seen) -> bool:
        """Begin anew."""
        self.capsules = CapsuleStream()
        return await super().took(seen)


class _NoUnknown(Whole):
    def took(self, found: Capsule) -> bytes | None:
        if found.type != 0:
            raise DecodeError("capsule", found.at, f"unknown type {found.type}")
        return super().took(found)


@proxy_fault(SKIPPED, RESERVED, BOUNDARIES, LAYOUT, origin="connect-ip-go 0.1.0; curl 8.21 (unit3400.c)")
class UnknownCapsuleEndsTheTunnel(Relay):
    """A capsule of a type that is not known is an error."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = _NoUnknown()


class _Small(Whole):
    def took(self, found: Capsule) -> bytes | None:
        if found.type != 0 and found.length > MEBI:
            raise DecodeError("capsule", found.at, "too long")
        return super().took(found)


@proxy_fault(SKIPPED, RESERVED, origin="Envoy 1.40.0; google/quiche (capsule_test.cc)")
class LongUnknownCapsuleEndsTheTunnel(Relay):
    """An unknown capsule of more than 1 MiB does not fit the buffer, and is an error."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = _Small()


class _Minimal(Whole):
    def took(self, found: Capsule) -> bytes | None:
        honest = sum(1 if n < 64 else 2 if n < 16384 else 4 if n < 1 << 30 else 8 for n in (found.type, found.length))
        if found.head != honest:
            raise DecodeError("capsule", found.at, "not the shortest form")
        return super().took(found)


@proxy_fault(WIDTHS, BOUNDARIES, "rfc9298/5/context-id-precedes-payload", origin="curl 8.21")
class MinimalIntegersOnly(Relay):
    """Types and lengths that are not written in the shortest form are errors."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = _Minimal()


class _NoZero(Whole):
    def took(self, found: Capsule) -> bytes | None:
        if found.length == 0 and found.type != 0:
            raise DecodeError("capsule", found.at, "a value is wanted")
        return super().took(found)


@proxy_fault(LAYOUT, SKIPPED, RESERVED, BOUNDARIES, origin="curl 8.21")
class EmptyCapsuleIsAnError(Relay):
    """A capsule without a value is an error."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = _NoZero()


@proxy_fault(CUT, ERRORS, origin="masque-go 0.4.0; connect-ip-go 0.1.0")
class CutCapsuleIsACleanEnd(Relay):
    """A stream that ends within a capsule ends as if all were well."""

    def cut(self) -> None:
        """Look at nothing."""


@proxy_fault(CUT, ERRORS, OVERSIZE, origin="Envoy 1.40.0; neqo")
class CapsuleErrorsAreGeneral(Relay):
    """What is wrong with capsules ends the stream with a general code in place of that of malformed messages."""

    async def abort(self, why: DecodeError) -> None:
        """End the stream."""
        del why
        await self.tunnel.reset({2: 0x2, 3: 0x101}.get(self.tunnel.version))


@proxy_fault(CUT, ERRORS, OVERSIZE, where={"http": (2, 3)})
class CapsuleErrorsEndTheConnection(Relay):
    """What is wrong with one tunnel's capsules ends the connection, and so all tunnels on it."""

    async def abort(self, why: DecodeError) -> None:
        """End the connection."""
        del why
        self.tunnel.carrier.close()


@proxy_fault(OVERSIZE, origin="Envoy 1.40.0; masque-go; h2o; vproxy; erlang_masque")
class TooLargeIsDropped(Relay):
    """A payload that is larger than any UDP payload is dropped, and the tunnel goes on."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = Whole()

    def unreadable(self, why: DecodeError) -> None:
        """Drop everything."""
        del why


class _Limited(Whole):
    def took(self, found: Capsule) -> bytes | None:
        if found.length > 1 << 16:
            raise DecodeError("capsule", found.at, "too long")
        return super().took(found)


@proxy_fault(HUGE, SKIPPED, RESERVED, "rfc9298/5/unknown-context-id-dropped")
class LongCapsulesEndTheTunnel(Relay):
    """A capsule of more than 64 KiB is an error, whatever its type and context."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.capsules = _Limited()


@proxy_fault("rfc9297/3.2/no-whole-capsule-buffering", where={"http": (3,)}, origin="h2o")
class DatagramsWaitForCapsules(Relay):
    """While a capsule is not whole, the datagrams beside it wait."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.waiting: list[Seen] = []

    async def took(self, seen: Seen) -> bool:
        """Take it, or let it wait."""
        if seen.what == "datagram" and not self.capsules.between:
            self.waiting.append(seen)
            return True
        goes_on = await super().took(seen)
        while self.waiting and self.capsules.between:
            await super().took(self.waiting.pop(0))
        return goes_on


@proxy_fault(
    "rfc9298/5/unknown-context-id-dropped", "rfc9298/4/context-id-zero-udp-payload", HUGE, origin="curl 8.21",
)  # fmt: skip
class UnknownContextEndsTheTunnel(Relay):
    """A payload in a context that nobody opened is an error."""

    def took_payload(self, octets: bytes, *, by_capsule: bool) -> None:
        """Refuse it."""
        if octets and decode_payload_untrusted(octets).context != 0:
            raise DecodeError("payload.context", 0, "an unknown context")
        super().took_payload(octets, by_capsule=by_capsule)


FAULTS = faults_of(__name__)
