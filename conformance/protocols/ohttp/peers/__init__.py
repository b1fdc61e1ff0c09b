"""Reference peers of Oblivious HTTP: complete, correct, without switches."""

from conformance.protocols.ohttp.peers._gateway import WELL_KNOWN, Gateway, GatewayError
from conformance.protocols.ohttp.peers._library import BinaryHTTP

__all__ = ["WELL_KNOWN", "BinaryHTTP", "Gateway", "GatewayError"]
