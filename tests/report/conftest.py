from __future__ import annotations

import pytest

from conformance.report import AbsentRun
from tests.report.streams import HOSTILE, good, mixed


@pytest.fixture
def run(tmp_path):
    return mixed(tmp_path / "mixed" / "events.ndjson")


@pytest.fixture
def fine(tmp_path):
    return good(tmp_path / "fine" / "events.ndjson")


@pytest.fixture
def absent():
    return AbsentRun("missing", "Missing Server", "missing tool: cargo", f"error: no such tool\n{HOSTILE}")
