"""The reference gateway passes all its cases whatever the seed, and a stored run judged again gives the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.stream import read_run
from conformance.model import variant_name
from conformance.protocols.ohttp import PROTOCOL

FINE = {"pass", "tolerated", "not-applicable", "unsupported"}


def stored(seed, folder):
    """A run in a process of its own, as a user starts it."""
    words = [sys.executable, "-m", "conformance", "run", "--reference", "--role", "ohttp.gateway", "--http", "1"]
    done = subprocess.run(
        [*words, "--patience", "5", "--seed", str(seed), "--out", str(folder / str(seed))],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return read_run(folder / str(seed) / "events.ndjson")


@pytest.mark.timeout(300)
def test_three_seeds_give_the_same_verdicts_and_so_does_judging_again(tmp_path):
    runs = [stored(seed, tmp_path) for seed in (1, 2, 3)]
    shown = [{(r.verdict.case, variant_name(r.verdict.variant)): r.verdict.shown for r in run.verdicts} for run in runs]
    assert shown[0] == shown[1] == shown[2]
    assert set(shown[0].values()) <= FINE

    cases = {c.id: c for c in load_cases(PROTOCOL)}
    again = list(judge_again(runs[0], cases, load_catalogue([PROTOCOL]).requirements))
    assert len(again) == len(runs[0].verdicts)
    assert [r.stored.case for r in again if not r.same] == []
