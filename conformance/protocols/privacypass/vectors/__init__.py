"""The vectors of Privacy Pass that are derived: made from valid messages by one change each, through the recipes.

    python -m conformance.protocols.privacypass.vectors
        writes the files
    python -m conformance.protocols.privacypass.vectors --confirm
        asks packages of PyPI about keys and elements, and records what they refuse where they take the twin
    python -m conformance.protocols.privacypass.vectors --confirm PURL COMMAND…
        asks an adapter about the rest

Everything but `confirmed` is made anew each time; that is kept as long as the octets of a vector stay what they are.
"""

from __future__ import annotations

from pathlib import Path

from conformance.deriving import File, kept
from conformance.protocols.privacypass.vectors import _issuance, _scheme
from conformance.protocols.privacypass.vectors._check import answer

_FILES = {
    "rfc9577-challenge-derived.json": _scheme.challenges,
    "rfc9577-token-derived.json": _scheme.tokens,
    "rfc9577-authorization-derived.json": _scheme.authorizations,
    "rfc9577-field-derived.json": _scheme.fields,
    "rfc9578-directory-derived.json": _issuance.directories,
    "rfc9578-key-derived.json": _issuance.keys,
    "rfc9578-request-derived.json": _issuance.requests,
    "rfc9578-response-derived.json": _issuance.responses,
}
_ALONE = "those asked do not look at it, or cannot be asked about it alone"


def files(folder: Path) -> dict[str, File]:
    """The files that there should be in the protocol's folder of vectors, with what implementations said so far."""
    return {name: kept(made(), folder / name, lambda _: _ALONE) for name, made in _FILES.items()}


__all__ = ["answer", "files"]
