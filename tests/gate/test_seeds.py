"""References pass whatever the seed, and stored runs judged again give the same: servers, clients and relays alike."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue, protocols
from conformance.engine.stream import read_run
from conformance.model import variant_name

FINE = {"pass", "tolerated", "not-applicable", "unsupported"}
ROLES = {
    "masque": ("masque.proxy", "masque.client"),
    "privacypass": ("privacypass.issuer", "privacypass.origin", "privacypass.client"),
    "ohttp": ("ohttp.client", "ohttp.relay"),
}
"""Those that have no such test beside their own: gateways and key transparency have."""


def stored(roles, seed, folder):
    """A run in a process of its own, as a user starts it."""
    words = [sys.executable, "-m", "conformance", "run", "--reference", *(f"--role={role}" for role in roles)]
    done = subprocess.run(
        [*words, "--patience", "5", "--seed", str(seed), "--out", str(folder / str(seed))],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return read_run(folder / str(seed) / "events.ndjson")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ROLES)
def test_three_seeds_give_the_same_verdicts_and_so_does_judging_again(tmp_path, name):
    runs = [stored(ROLES[name], seed, tmp_path) for seed in (1, 2, 3)]
    shown = [{(r.verdict.case, variant_name(r.verdict.variant)): r.verdict.shown for r in run.verdicts} for run in runs]
    assert shown[0] == shown[1] == shown[2]
    assert set(shown[0].values()) <= FINE
    assert {run.cases[case].role for run in runs for case, _ in shown[0]} == set(ROLES[name])

    protocol = protocols()[name]
    cases = {c.id: c for c in load_cases(protocol)}
    again = list(judge_again(runs[0], cases, load_catalogue([protocol]).requirements))
    assert len(again) == len(runs[0].verdicts)
    assert [r.stored.case for r in again if not r.same] == []
