"""Reference peers of key transparency: complete, correct, without switches."""

from conformance.protocols.keytrans.peers._akd import AKDError, AKDLibrary, Directory, Verification
from conformance.protocols.keytrans.peers._vrf import VRFLibrary

__all__ = ["AKDError", "AKDLibrary", "Directory", "VRFLibrary", "Verification"]
