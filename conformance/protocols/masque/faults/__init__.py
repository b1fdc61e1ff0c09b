"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.masque.faults import _capsules, _client, _datagrams, _payloads, _requests, _targets

FAULTS: tuple[Fault, ...] = (
    *_capsules.FAULTS,
    *_payloads.FAULTS,
    *_datagrams.FAULTS,
    *_targets.FAULTS,
    *_requests.FAULTS,
    *_client.FAULTS,
)

__all__ = ["FAULTS"]
