"""The vectors of MASQUE that are derived: integers, capsules, HTTP datagrams, templates, targets and Capsule-Protocol.

    python -m conformance.protocols.masque.vectors

writes the files. Octets are read once more with aioquic's buffer, which is named where it refuses too.
"""

from __future__ import annotations

from conformance.deriving import File
from conformance.protocols.masque.vectors import _octets, _texts
from conformance.protocols.masque.vectors._check import answer

_FILES = {
    "rfc9000-varints.json": _octets.varints,
    "rfc9297-capsules.json": _octets.capsules,
    "rfc9297-datagrams.json": _octets.datagrams,
    "rfc9297-capsule-protocol.json": _texts.capsule_protocol,
    "rfc9298-templates.json": _texts.templates,
    "rfc9298-targets.json": _texts.targets,
}


def files() -> dict[str, File]:
    """The files that there should be in the protocol's folder of vectors."""
    return {name: made() for name, made in _FILES.items()}


__all__ = ["answer", "files"]
