"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.masque.faults import _payloads

FAULTS: tuple[Fault, ...] = (*_payloads.FAULTS,)

__all__ = ["FAULTS"]
