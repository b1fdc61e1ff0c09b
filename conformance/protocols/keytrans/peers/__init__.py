"""Reference peers of key transparency: complete, correct, without switches."""

from conformance.protocols.keytrans.peers._akd import AKDError, AKDLibrary, Directory, Verification
from conformance.protocols.keytrans.peers._monitor import Audit, Monitor, MonitorError, replayed
from conformance.protocols.keytrans.peers._plexi import Auditor
from conformance.protocols.keytrans.peers._vrf import VRFLibrary

__all__ = [
    "AKDError", "AKDLibrary", "Audit", "Auditor", "Directory", "Monitor", "MonitorError", "VRFLibrary", "Verification",
    "replayed",
]  # fmt: skip
