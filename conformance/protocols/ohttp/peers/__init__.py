"""Reference peers of Oblivious HTTP: complete, correct, without switches."""

from conformance.protocols.ohttp.peers._answering import AnsweringGateway
from conformance.protocols.ohttp.peers._chunked_client import ChunkedClient
from conformance.protocols.ohttp.peers._client import Client
from conformance.protocols.ohttp.peers._gateway import WELL_KNOWN, Gateway, GatewayError
from conformance.protocols.ohttp.peers._hpke import HPKE, HPKELibrary
from conformance.protocols.ohttp.peers._library import BinaryHTTP
from conformance.protocols.ohttp.peers._library_hpke import Encapsulation, KeyConfigurations
from conformance.protocols.ohttp.peers._relay import Relay

__all__ = [
    "HPKE", "WELL_KNOWN", "AnsweringGateway", "BinaryHTTP", "ChunkedClient", "Client", "Encapsulation", "Gateway",
    "GatewayError", "HPKELibrary", "KeyConfigurations", "Relay",
]  # fmt: skip
