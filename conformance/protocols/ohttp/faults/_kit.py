"""How a fault of a gateway is declared."""

from __future__ import annotations

from functools import partial

from conformance.bench import fault

gateway_fault = partial(fault, "ohttp.gateway")
"""Declare a fault of a gateway."""
