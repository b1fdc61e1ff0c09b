"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.privacypass.faults import _client, _issuer, _issuer_http, _origin

FAULTS: tuple[Fault, ...] = (*_issuer.FAULTS, *_issuer_http.FAULTS, *_client.FAULTS, *_origin.FAULTS)

__all__ = ["FAULTS"]
