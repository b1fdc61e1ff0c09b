"""Reference peers of Privacy Pass: complete, correct, without switches."""

from conformance.protocols.privacypass.peers._issuer import REQUEST_PATH, Issuer
from conformance.protocols.privacypass.peers._keys import ISSUER_NAME, private_key, rsa_key, trusted, voprf_key

__all__ = ["ISSUER_NAME", "REQUEST_PATH", "Issuer", "private_key", "rsa_key", "trusted", "voprf_key"]
