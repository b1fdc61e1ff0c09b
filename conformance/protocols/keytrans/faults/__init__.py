"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from importlib import import_module

from conformance.bench import Fault

_MODULES = ("_akd", "_client", "_client_state", "_plexi", "_vrf")
"""The modules of this folder that declare faults."""

FAULTS: tuple[Fault, ...] = tuple(fault for name in _MODULES for fault in import_module(f"{__name__}.{name}").FAULTS)

__all__ = ["FAULTS"]
