"""Faults of proxies in where tunnels lead (RFC 9298, Sections 2 and 3)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from conformance.bench import faults_of
from conformance.protocols.masque.faults._kit import proxy_fault
from conformance.protocols.masque.messages import TargetRefused, decode_target_untrusted
from conformance.protocols.masque.peers import Proxy, Relay

PORT, ONCE = "rfc9298/3/target-port-1-to-65535", "rfc9298/3.1/variables-percent-decoded-once"
EMPTY, ZONE = "rfc9298/3/empty-target-variable-refused", "rfc9298/3/zone-identifiers-refused"
GRAMMAR, IPV6 = "rfc9298/3/target-variables-follow-uri-grammar", "rfc9298/3/ipv6-colons-percent-encoded"
DNS = "rfc9298/3.1/dns-failure-rejects-request"


@proxy_fault(PORT, ONCE, origin="Envoy 1.40.0; vproxy")
class PortsAreReadAsNumbers(Proxy):
    """Whatever a lenient reader of numbers takes is a port: +80, white space around it."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Read leniently."""
        try:
            number = int(unquote_to_bytes(port))
        except ValueError:
            raise TargetRefused(400, "no number") from None
        if not 1 <= number <= 65535:
            raise TargetRefused(400, "no port")
        return decode_target_untrusted(host, b"9")[0], number


@proxy_fault(PORT, origin="Envoy 1.40.0; masque-go 0.4.0; h2o master")
class PortZeroIsAPort(Proxy):
    """Port 0 is taken."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Take another."""
        return super().decoded(host, b"9" if port == b"0" else port)


@proxy_fault(PORT, origin="h2o master")
class LastPortIsRefused(Proxy):
    """Port 65535 is refused."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse it."""
        if port == b"65535":
            raise TargetRefused(400, "no port")
        return super().decoded(host, port)


@proxy_fault(PORT, EMPTY)
class NoPortIsHTTPS(Proxy):
    """An empty port means 443."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Fill it in."""
        return super().decoded(host, port or b"443")


@proxy_fault(EMPTY)
class NoHostIsOurselves(Proxy):
    """An empty host means the proxy's own machine."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Fill it in."""
        return super().decoded(host or b"127.0.0.1", port)


@proxy_fault(ONCE, ZONE, GRAMMAR, origin="gost")
class DecodesTwice(Proxy):
    """Variables are percent-decoded twice."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Decode once more."""
        return super().decoded(unquote_to_bytes(host), unquote_to_bytes(port))


@proxy_fault(ONCE, IPV6)
class DecodesNothing(Proxy):
    """Variables are taken as they stand."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse what is encoded."""
        if b"%" in host + port:
            raise TargetRefused(400, "no host")
        return super().decoded(host, port)


@proxy_fault(ONCE)
class BrokenTripletsVanish(Proxy):
    """A percent sign that begins no triplet is left out."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Leave it out."""
        return super().decoded(re.sub(rb"%(?![0-9A-Fa-f]{2})[0-9A-Fa-f]?", b"", host), port)


@proxy_fault(ZONE, ONCE, origin="masque-go 0.4.0")
class ZonesAreTaken(Proxy):
    """What stands behind a percent sign in an address is not looked at."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Cut it off."""
        return super().decoded(host.partition(b"%25")[0].replace(b"fe80%3A%3A1", b"127.0.0.1"), port)


@proxy_fault(GRAMMAR, ONCE)
class HostsEndAtStrangeOctets(Proxy):
    """A host ends where the first octet stands that cannot be in one."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Cut it off."""
        plain = unquote_to_bytes(host)
        return super().decoded(host if b":" in plain else re.split(rb"[^A-Za-z0-9.%-]", plain)[0], port)


@proxy_fault(IPV6, origin="masque-go before #69")
class NoIPv6(Proxy):
    """IPv6 addresses are taken for names."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse them."""
        found = super().decoded(host, port)
        if ":" in found[0]:
            raise TargetRefused(502, "no such name", "dns_error")
        return found


@proxy_fault(IPV6, origin="gost")
class IPv6WantsBrackets(Proxy):
    """An IPv6 address without brackets is split at its last colon."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse it."""
        if b"%3A" in host.upper() and b"[" not in host:
            raise TargetRefused(400, "too many colons")
        return super().decoded(host, port)


@proxy_fault(IPV6)
class TripletsInUpperCaseOnly(Proxy):
    """Triplets with small letters are not decoded."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse them."""
        if re.search(rb"%[0-9A-Fa-f]?[a-f]", host):
            raise TargetRefused(400, "no host")
        return super().decoded(host, port)


@proxy_fault(GRAMMAR, DNS)
class OnlyAddresses(Proxy):
    """Names are not resolved: they are refused as forbidden."""

    def decoded(self, host: bytes, port: bytes) -> tuple[str, int]:
        """Refuse them."""
        found = super().decoded(host, port)
        if found[0] == "localhost":
            raise TargetRefused(403, "no names")
        return found


@proxy_fault(DNS, "rfc9298/3.1/dns-failure-gives-proxy-status")
class AnswersBeforeResolving(Relay):
    """A tunnel is granted whether or not the name resolves."""

    async def open(self, host: str, port: int) -> None:
        """Try."""
        try:
            await super().open(host, port)
        except TargetRefused:
            return


FAULTS = faults_of(__name__)
