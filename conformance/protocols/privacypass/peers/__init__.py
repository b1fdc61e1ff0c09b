"""Reference peers of Privacy Pass: complete, correct, without switches."""

from conformance.protocols.privacypass.peers._client import Client
from conformance.protocols.privacypass.peers._issuer import ISSUER, REQUEST_PATH, Issuer
from conformance.protocols.privacypass.peers._keys import ISSUER_NAME, private_key, rsa_key, trusted, voprf_key
from conformance.protocols.privacypass.peers._origin import Origin

__all__ = [
    "ISSUER",
    "ISSUER_NAME",
    "REQUEST_PATH",
    "Client",
    "Issuer",
    "Origin",
    "private_key",
    "rsa_key",
    "trusted",
    "voprf_key",
]
