"""Faults of proxies in what passes through a tunnel (RFC 9298, Sections 4 and 5)."""

from __future__ import annotations

from conformance.protocols.masque.faults._kit import faults_of, proxy_fault
from conformance.protocols.masque.messages import Payload
from conformance.protocols.masque.peers import Relay


@proxy_fault("rfc9298/5/unknown-context-id-dropped", origin="gost")
class ForwardsEveryContext(Relay):
    """What is in a context that nobody opened goes to the target as if it were a UDP payload."""

    def is_udp(self, payload: Payload) -> bool:
        """Every context."""
        del payload
        return True


FAULTS = faults_of(__name__)
