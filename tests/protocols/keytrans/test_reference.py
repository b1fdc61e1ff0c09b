"""The references pass all their cases whatever the seed, and a stored run judged again gives the same."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.stream import read_run
from conformance.model import variant_name
from conformance.protocols.keytrans import PROTOCOL

FINE = {"pass", "tolerated", "not-applicable", "unsupported"}
ROLES = ("vrf.prover", "vrf.verifier", "akd.verifier", "plexi.monitor")


def stored(role, seed, folder):
    """A run in a process of its own, as a user starts it."""
    words = [sys.executable, "-m", "conformance", "run", "--reference", "--role", role, "--patience", "10"]
    done = subprocess.run(
        [*words, "--seed", str(seed), "--out", str(folder / str(seed))],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return read_run(folder / str(seed) / "events.ndjson")


@pytest.mark.timeout(450)
@pytest.mark.parametrize("role", ROLES)
def test_two_seeds_give_the_same_verdicts_and_so_does_judging_again(role, tmp_path):
    runs = [stored(role, seed, tmp_path) for seed in (1, 2)]
    shown = [{(r.verdict.case, variant_name(r.verdict.variant)): r.verdict.shown for r in run.verdicts} for run in runs]
    assert shown[0] == shown[1]
    assert set(shown[0].values()) <= FINE

    cases = {c.id: c for c in load_cases(PROTOCOL)}
    again = list(judge_again(runs[0], cases, load_catalogue([PROTOCOL]).requirements))
    assert len(again) == len(runs[0].verdicts)
    assert [r.stored.case for r in again if not r.same] == []


def test_every_fault_has_a_name_of_its_own_and_a_role_that_there_is():
    """Mutants are found by name, whatever their role: of two with one name, one would never run."""
    faults = PROTOCOL.faults()
    assert [name for name, n in Counter(fault.name for fault in faults).items() if n > 1] == []
    assert {fault.role for fault in faults} <= {role.name for role in PROTOCOL.roles}
