"""The suite behind pytest: cases are tests, with their evidence, and what is not green does not look so."""

import asyncio
import random

import pytest

from conformance.protocols.ohttp.faults import FAULTS
from conformance.protocols.ohttp.peers import Gateway

pytest_plugins = ["pytester"]
CASE = "ohttp/gateway/request/unknown-key-id"


class Bench:
    """What a peer needs that records nothing."""

    rng = random.Random(0)

    def point(self, name, message):
        return message.build()

    def saw(self, *args, **more):
        """Nothing is looked at."""


async def run(pytester, *words, options="", peer=Gateway, files=()):
    """What pytest says, asked for a gateway that runs meanwhile."""
    gateway = peer(Bench())
    served = await gateway.start()
    for name, text in files:
        (pytester.path / name).write_text(text)
    try:
        return await asyncio.to_thread(
            pytester.runpytest_subprocess,
            *("-p", "no:cacheprovider", "--conformance-target", served.url),
            *("--conformance-options", f"--protocol ohttp {options}", *words),
        )
    finally:
        await gateway.stop()


def fault(name):
    return next(f.make for f in FAULTS if f.name == name)


async def test_what_is_right_is_green_and_what_is_out_of_reach_is_skipped(pytester):
    options = "--http 1 --include ohttp/gateway/request/*"
    seen = await run(pytester, "-v", options=options)
    counts = seen.parseoutcomes()
    assert counts["passed"] > 5
    assert "failed" not in counts
    assert seen.ret == 0
    seen.stdout.fnmatch_lines([f"{CASE} http=1,suite=0020/0001/0001 PASSED*", "exit 0; run: *events.ndjson"])


async def test_a_violation_is_red_and_shows_the_octets(pytester):
    seen = await run(pytester, options=f"--http 1 --include {CASE}", peer=fault("internal-error-for-unknown-key"))
    assert seen.ret == 1
    seen.stdout.fnmatch_lines(
        [
            f"*{CASE} http=1,suite=*",
            "*names a key that the gateway has not published*",
            "*rfc9458/4.3/unknown-key-or-kem-refused",
            "*change: *request.key_id*",
            "*sent request*",
            "*conformance run --target *--again*",
        ]
    )
    assert "Traceback" not in seen.stdout.str()


KNOWN = f"""
[[expected]]
case = "{CASE}"
reason = "its key store fails"
"""


async def test_what_is_known_is_expected_to_fail(pytester):
    options = f"--baseline known.toml --include {CASE}"
    seen = await run(
        pytester, "-rx", options=options,
        peer=fault("internal-error-for-unknown-key"), files=[("known.toml", KNOWN)],
    )  # fmt: skip
    counts = seen.parseoutcomes()
    assert set(counts) == {"xfailed"}
    assert seen.ret == 0
    seen.stdout.fnmatch_lines(["*known: its key store fails*"])


async def test_what_is_known_and_gone_is_not_green(pytester):
    options = f"--baseline known.toml --include {CASE}"
    seen = await run(pytester, options=options, files=[("known.toml", KNOWN)])
    assert seen.ret == 1, "the tests pass, and the baseline is stale"
    seen.stdout.fnmatch_lines(["note: *", "exit 5; run: *"])


async def test_where_nothing_ran_nothing_is_green(pytester):
    seen = await run(pytester, "-k", "truncation")
    assert set(seen.parseoutcomes()) == {"skipped", "deselected"}
    assert seen.ret == 1
    seen.stdout.fnmatch_lines(["note: nothing ran at all", "exit 3; run: *"])


async def test_the_first_failure_ends_it(pytester):
    seen = await run(pytester, "-x", "-k", "request", peer=fault("internal-error-for-unknown-key"))
    assert seen.parseoutcomes()["failed"] == 1
    assert seen.ret == 1


async def test_collecting_runs_nothing(pytester):
    seen = await run(pytester, "--collect-only", "-q", "-k", CASE)
    assert seen.ret == 0
    seen.stdout.fnmatch_lines([f"{CASE} http=*"])
    assert "exit " not in seen.stdout.str()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--conformance-target", "http://127.0.0.1:1/", "--conformance-options", "--protocol ohttp"],
            "nothing listens at 127.0.0.1:1",
        ),
        (["--conformance-target", "nowhere"], "is no URL"),
        (["--conformance-options", "--nonsense --odd"], "--conformance-options: *--nonsense*"),
        (["--conformance-options", "--role ohttp.gateway"], "no target: nothing is tested"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(pytester, words, told):
    seen = pytester.runpytest_subprocess("-p", "no:cacheprovider", *words)
    assert seen.ret == pytest.ExitCode.USAGE_ERROR
    seen.stderr.fnmatch_lines([f"ERROR: *{told}*"])
    assert "Traceback" not in seen.stderr.str()


def test_without_a_subject_nothing_happens(pytester):
    pytester.makepyfile("def test_of_the_project(): pass")
    seen = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert seen.parseoutcomes() == {"passed": 1}
