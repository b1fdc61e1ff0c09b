"""Another project's vectors, where somebody says that they are: data of OR13/kt, in the schema of that project."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "CONFORMANCE_UPSTREAM_VECTORS"
"""Names the folder in which `or13-kt` stands."""


def upstream(name: str) -> list[dict[str, Any]]:
    """The cases of a file, or a skip that is said aloud."""
    place = os.environ.get(VARIABLE)
    if not place:
        reason = f"{VARIABLE} is not set: {name} of OR13/kt is not held against us"
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # a line in the summary, no failure
            warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    found = json.loads((Path(place) / "or13-kt" / name).read_bytes())
    cases: list[dict[str, Any]] = found["cases"]
    assert cases
    return cases
