"""What a run leaves behind, what it says where, and how it ends."""

import json
import re
import resource
import subprocess
import xml.etree.ElementTree as ET

import pytest

from conformance.engine.catalogue import load_cases, protocols
from conformance.engine.stream import read_run
from conformance.model import Case
from tests.cli.kit import COMMAND, FAULT, ONE, environment, serving

NEAR = "ohttp/gateway/request/*"


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    """The URL of a gateway with a fault that `ONE` sees."""
    with serving(tmp_path_factory.mktemp("mutant"), "--fault", FAULT) as url:
        yield url


def verdicts(path):
    """Each case and variant with its verdict and reason."""
    cases = json.loads(path.read_bytes())["cases"]
    return {(c["id"], json.dumps(c["variant"])): (c["verdict"], c["reason"]) for c in cases}


# where things go


def test_a_run_is_stored_under_the_name_of_its_subject(suite):
    told = suite.run()
    assert told.code == 0, told.both
    assert read_run(suite.folder / "reports/part-reference/events.ndjson").footer.exit == 0
    lines = told.out.splitlines()
    assert "in scope" in lines[0]
    assert "exit 0: all that was required passed" in lines
    assert "\x1b" not in told.both
    assert told.out.count("exit 0") == 1


@pytest.mark.parametrize("option", ["--json", "--junit", "--markdown", "--html"])
def test_a_document_on_standard_output_is_alone_there(suite, option):
    told = suite.run(option, "-", "--out", "deep/er")
    assert told.code == 0
    match option:
        case "--json":
            assert json.loads(told.out)["format"] == "conformance-result/1"
        case "--junit":
            assert ET.fromstring(told.out).tag == "testsuites"
        case "--markdown":
            assert told.out.startswith("#")
        case _:
            assert told.out.startswith("<!doctype html>")
            assert told.out.rstrip().endswith("</html>")
    assert "in scope" in told.err
    assert "exit 0" in told.err
    assert (suite.folder / "deep/er/events.ndjson").exists()


def test_nothing_that_matches_is_no_success(suite):
    told = suite.run("--include", "nothing/*")
    assert told.code == 3
    assert told.both.count("nothing ran at all") == 1


UNWRITABLE = [
    (("--json", "folder"), "the json report folder"),
    (("--html", "file/below.html"), "the html report file/below.html"),
    (("--baseline", "file/known.toml", "--update-baseline"), "the baseline file/known.toml"),
    (("--out", "file"), "file"),
    (("--events", "file/events.ndjson"), "the event stream file/events.ndjson"),
    (("--events", "/dev/full"), "the event stream /dev/full"),
]


@pytest.mark.parametrize(("options", "what"), UNWRITABLE, ids=lambda v: v if isinstance(v, str) else None)
def test_what_cannot_be_written_is_said(suite, options, what):
    (suite.folder / "folder").mkdir()
    (suite.folder / "file").write_text("in the way")
    told = suite.run(*options, "--junit", "good.xml")
    assert told.code == (2 if options[0] == "--out" else 4)  # that it is no folder is seen before anything is run
    assert what in told.err
    stored = options[0] in {"--json", "--html", "--baseline"}
    assert (suite.folder / "good.xml").exists() is stored  # one report in the way of another's
    assert (suite.folder / "reports").exists() is stored


def test_what_was_seen_before_the_disk_was_full_is_said_and_kept(suite):
    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    # A coverage measurement of the child could not be stored either, and would say so: it goes without.
    unmeasured = {k: v for k, v in environment().items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [*COMMAND, "run", "--reference", "--include", NEAR], cwd=suite.folder, env=unmeasured, preexec_fn=small_disk,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot be written any further" in done.stderr
    assert "environment is at fault" in done.stderr
    assert "truncated" in done.stderr
    kept = read_run(suite.folder / "reports/part-reference/events.ndjson")
    assert kept.footer is None


# which cases


def test_one_case_and_one_attempt_again(suite):
    cases = [c for p in protocols().values() for c in load_cases(p) if isinstance(c, Case)]
    several = next(c for c in cases if c.role == "ohttp.gateway" and len(c.each) > 1 and not c.needs)
    label = list(several.each)[-1]
    told = suite.run("--again", f"{several.id}[{label}]", "--again", ONE, "--http", "1", "--out", "first")
    assert told.code == 0, told.both
    run = read_run(suite.folder / "first/events.ndjson")
    assert {r.verdict.case for r in run.verdicts} == {several.id, ONE}
    parts = {run.part(n).name for r in run.verdicts if r.verdict.case == several.id for n in r.parts}
    assert parts == {"twin", label, "health"}


def test_levels_choose_what_is_asked(quick):
    must, everything = (
        set(quick("run", "--reference", "--level", level, "--dry-run", code=0).stdout.splitlines())
        for level in ("must", "all")
    )
    assert must
    assert must < everything


def test_a_dry_run_sends_nothing_and_counts_per_host(suite, raw):
    seen = []
    server = raw(lambda sock: seen.append(sock.recv(10)))
    told = suite.run("--target", f"http://127.0.0.1:{server.port}/", "--dry-run", "--rate", "2")
    assert told.code == 0
    assert told.out.startswith(ONE)
    assert f"exchanges with 127.0.0.1:{server.port}, at 2 a second" in told.err
    assert seen == []
    assert not (suite.folder / "reports").exists()


def test_the_same_seed_gives_the_same_run(suite):
    for name in ("a", "b"):
        suite.run("--http", "1", "--seed", "7", "--json", f"{name}.json", "--out", name)
    assert verdicts(suite.folder / "a.json") == verdicts(suite.folder / "b.json")
    assert verdicts(suite.folder / "a.json")
    assert read_run(suite.folder / "a/events.ndjson").header.seed == 7


def test_repeating_stores_each_run(suite):
    told = suite.run("--repeat", "2", "--seed", "5")
    assert told.code == 0
    assert [read_run(suite.folder / f"reports/part-reference/events-{n}.ndjson").header.seed for n in (1, 2)] == [5, 6]


# other processes


def test_a_gateway_elsewhere_passes_and_its_reduced_profile_is_said(suite, gateway):
    told = suite.run("--target", gateway)
    assert told.code == 0, told.both
    assert "profile reduced" in told.out


def test_a_fault_elsewhere_fails_with_its_requirement_and_the_command_that_shows_it(suite, mutant):
    told = suite.run("--target", mutant, "--http", "1", "--json", "r.json")
    assert told.code == 1
    assert f"✗ fail  {ONE}" in told.out
    assert "OH-082" in told.out
    assert f"conformance run --target {mutant} --http 1 --seed 0 --again {ONE}" in told.out
    assert f"fail: {ONE}" in told.err
    assert json.loads((suite.folder / "r.json").read_bytes())["exit"] == 1


def test_the_first_failure_can_end_a_run(suite, mutant):
    told = suite.run("--target", mutant, "--http", "1", "--fail-fast", "1", "--json", "r.json")
    assert told.code == 1
    shown = [verdict for verdict, _ in verdicts(suite.folder / "r.json").values()]
    assert shown.count("fail") == 1
    assert any("--fail-fast" in reason for _, reason in verdicts(suite.folder / "r.json").values())


def test_known_failures_are_written_known_and_missed(suite, mutant):
    options = ("--target", mutant, "--http", "1", "--baseline", "known.toml")
    assert suite.run(*options, "--update-baseline").code == 1
    known = suite.folder / "known.toml"
    assert ONE in known.read_text()
    assert suite.run(*options).code == 0

    def ends(code, word, text):
        known.write_text(text)
        told = suite.run(*options)
        assert told.code == code, told.both
        assert word in told.out

    entry = f"[[expected]]\ncase = '{ONE}'\nreason = 'a test'\n"
    ends(5, "expired on 2020-01-01", f"{entry}expires = 2020-01-01\n\n{entry}")
    ends(1, "expired on 2020-01-01", f"{entry}expires = 2020-01-01\n")
    ends(1, "", f"{entry}variant = 'http=9*'\n")


def test_an_entry_that_passed_is_stale(suite):
    (suite.folder / "known.toml").write_text(f"[[expected]]\ncase = '{ONE}'\nreason = 'a test'\n")
    told = suite.run("--baseline", "known.toml")
    assert told.code == 5
    assert "passed: the entry can go" in told.out


def test_a_run_that_was_cut_short_is_gone_on_with(suite):
    suite.run("--out", "there", "--http", "1")
    events = suite.folder / "there" / "events.ndjson"
    lines = events.read_bytes().splitlines(keepends=True)
    assert suite.run("--out", "there", "--http", "1", "--resume").code == 2, "it is whole"
    events.write_bytes(b"".join(line for line in lines if b'"type":"footer"' not in line))
    told = suite.run("--out", "there", "--http", "1", "--resume")
    assert told.code == 0, told.both
    assert re.search(r"[1-9]\d* verdicts are taken over from there/events.ndjson", told.err)
    assert suite.run("--out", "there", "--resume", "--repeat", "2").code == 2
    assert suite.run("--out", "nowhere", "--resume").code == 2
