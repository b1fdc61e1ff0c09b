"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault

FAULTS: tuple[Fault, ...] = ()

__all__ = ["FAULTS"]
