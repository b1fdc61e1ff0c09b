"""What is shown on a terminal, elsewhere, and on GitHub's runners."""

import os
import pty
import re
import subprocess
from dataclasses import replace

import pytest

from conformance.cli._ci import MOST, annotated, tell_ci
from conformance.model import EnvironmentProblem
from tests.cli.kit import COMMAND, FAULT, ONE, environment, serving
from tests.report.streams import mixed


@pytest.fixture(scope="module")
def mutant(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("mutant"), "--fault", FAULT) as url:
        yield url


def on_a_terminal(folder, *args, **env):
    """Run with standard output and error on a terminal of 120 columns; what was shown, and the exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", *args], cwd=folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env=environment(TERM="xterm-256color", COLUMNS="120", **env),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while octets := os.read(ours, 65536):
            shown += octets
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    return shown.decode(), process.wait(30)


def test_a_terminal_shows_progress_and_a_table(suite, mutant):
    shown, code = on_a_terminal(suite.folder, "--target", mutant, "--include", ONE, "--http", "1")
    assert code == 1
    assert "\x1b[" in shown
    assert "/s" in shown
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "requirement" in bare
    assert "✗ fail" in bare
    assert "exit 1" in bare


def test_no_color_means_none(suite, mutant):
    shown, code = on_a_terminal(suite.folder, "--target", mutant, "--include", ONE, "--http", "1", NO_COLOR="1")
    assert code == 1
    assert "✗ fail" in shown
    colours = re.findall(r"\x1b\[([0-9;]*)m", shown)
    assert not [c for c in colours if re.search(r"\b(3[0-9]|9[0-7]|38|48)\b", c)]


def test_github_gets_annotations_and_a_summary(suite, mutant):
    summary = suite.folder / "summary.md"
    summary.write_text("before\n")
    told = suite.run(
        "--target", mutant, "--json", "-", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary)
    )  # fmt: skip
    assert told.code == 1
    found = [line for line in told.err.splitlines() if line.startswith("::error ")]
    assert found
    assert all(re.fullmatch(r"::error title=fail%3A [^:,]+::.+", line) for line in found)
    assert "::error" not in told.out
    assert summary.read_text().startswith("before\n#")
    assert ONE in summary.read_text()


def test_elsewhere_nothing_of_that(suite, mutant):
    told = suite.run("--target", mutant, GITHUB_STEP_SUMMARY="summary.md")
    assert "::error" not in told.both
    assert not (suite.folder / "summary.md").exists()


def test_annotations_are_escaped_and_few(tmp_path):
    run = mixed(tmp_path / "events.ndjson")
    failed = list(annotated(run))
    assert failed
    for line in failed:
        title, text = re.fullmatch(r"::error title=(.*?)::(.*)", line).groups()
        assert not set(title) & {":", ",", "\n", "\r"}
        assert not re.search(r"%(?![0-9A-F]{2})", title + text)
    more = [
        replace(r, verdict=replace(r.verdict, case=f"{r.verdict.case}-{n}")) for n in range(MOST) for r in run.verdicts
    ]
    run.verdicts[:] = more
    many = list(annotated(run))
    assert len(many) == MOST
    assert re.fullmatch(r"::error title=conformance::and \d+ more", many[-1])


def test_known_failures_are_no_annotations(tmp_path, capsys):
    run = mixed(tmp_path / "events.ndjson", known=["tag-flipped", "cut-short", "silence", "telling"])
    tell_ci(run, to_stdout=False, environment={"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr().out == ""


def test_a_summary_that_cannot_be_written_is_said(tmp_path):
    run = mixed(tmp_path / "events.ndjson")
    place = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    with pytest.raises(EnvironmentProblem, match="step summary"):
        tell_ci(run, to_stdout=True, environment=place)
