"""Why no implementation that was asked refuses an invalid vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REASONS = {
    "field-value": (
        "RFC 9113, Section 8.2.1 forbids it; those asked leave the syntax of values to an HTTP library that cuts white "
        "space off their ends, or do not look at it"
    ),
    "control-data": (
        "RFC 9113, Section 8.3.1 forbids it; those asked leave the path to a parser of URLs that takes or escapes it, "
        "or do not look at it"
    ),
}


def why_unconfirmed(vector: Mapping[str, Any]) -> str:
    """The reason, for a reader of the file; empty where the vector gives one itself."""
    if "comment" in vector:
        return ""
    return next((reason for name, reason in _REASONS.items() if name in vector["refusal"]), "nobody was asked yet")
