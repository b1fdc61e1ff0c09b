"""The reference gateway passes all its cases whatever the seed, and a stored run judged again gives the same."""

from __future__ import annotations

import pytest

from conformance.engine.again import judge_again
from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.engine.mutants import subject_for
from conformance.engine.session import Request, run_session
from conformance.engine.stream import read_run
from conformance.model import variant_name
from conformance.protocols.ohttp import PROTOCOL

ROLE = "ohttp.gateway"
FINE = {"pass", "tolerated", "not-applicable", "unsupported"}


async def verdicts(seed, folder):
    request = Request(
        subject_for(PROTOCOL.peers()[ROLE], seed), [PROTOCOL], title="reference", how="reference", roles=[ROLE],
        seed=seed, base_only=True, patience=5,
    )  # fmt: skip
    _, result = await run_session(request, folder / f"{seed}.ndjson")
    assert result.exit == 0, [(v.case, v.reason) for v in result.verdicts if v.shown not in FINE]
    return {(v.case, variant_name(v.variant)): v.shown for v in result.verdicts}


# Runs end with their event loop here, not with a process: what the loop closes last is told as not closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_three_seeds_give_the_same_verdicts_and_so_does_judging_again(tmp_path):
    one, two, three = [await verdicts(seed, tmp_path) for seed in (1, 2, 3)]
    assert one == two == three
    assert set(one.values()) <= FINE

    cases = {c.id: c for c in load_cases(PROTOCOL)}
    again = list(judge_again(read_run(tmp_path / "1.ndjson"), cases, load_catalogue([PROTOCOL]).requirements))
    assert len(again) == len(one)
    assert [r.stored.case for r in again if not r.same] == []
