"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.ohttp.faults import _encapsulation

FAULTS: tuple[Fault, ...] = (*_encapsulation.FAULTS,)

__all__ = ["FAULTS"]
