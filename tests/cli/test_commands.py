"""The other commands, as their users meet them."""

import json
import os
import shlex
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from conformance import vectors
from conformance.cli import COMMANDS
from conformance.subjects import find_manifests
from tests.cli.kit import FAULT, ONE, Suite

LIARS = Path(__file__).parents[1] / "subjects" / "liars.py"


def liar(*behaviour):
    return shlex.join([sys.executable, str(LIARS), *behaviour])


# serve


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_the_command_that_serve_prints_tests_its_peer_in_full(suite):
    place = f"127.0.0.1:{free_port()}"
    with suite.process("serve", "ohttp.gateway", "--target", f"http://{place}") as process:
        url = process.stdout.readline().strip()
        told = [process.stderr.readline() for _ in range(3)]
        command = told[-1].partition(": ")[2].strip()
        assert command == f"conformance run --target {url} --listen {place}"
        done = suite(*shlex.split(command)[1:], "--include", ONE, "--http", "1")
        assert "profile full" in done.out
        assert done.code == 0
        root = suite(
            *shlex.split(command.replace("/.well-known/ohttp-gateway", "/"))[1:], "--include", ONE, "--http", "1"
        )
        assert (root.code, "profile full" in root.out) == (0, True), "the well-known resource is found from the root"


def test_without_a_target_serve_says_that_the_profile_is_reduced(suite):
    with suite.process("serve", "ohttp.gateway", "--fault", "date-refused-in-the-open") as process:
        process.stdout.readline()
        told = [process.stderr.readline() for _ in range(6)]
    assert any("a run sees that only in the full profile" in line for line in told), told
    assert any("reduced profile; for the full one serve it with --target http://127.0.0.1:" in line for line in told)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("date-refused-in-the-open", "is seen only in the full profile"),
        ("one-id-for-two-keys", "is seen as tolerated, never as a failure: INFO only"),
        (FAULT, None),
    ],
)
def test_show_says_where_a_fault_is_seen(quick, fault, said):
    told = quick("show", fault, code=0).output
    assert (said in told) if said else ("is seen" not in told)


def test_a_served_peer_says_its_url_first_and_stops_when_told(suite):
    for number in (signal.SIGINT, signal.SIGTERM):
        with suite.process("serve", "ohttp.gateway", "--fault", FAULT) as process:
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            assert FAULT in process.stderr.readline()
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
        assert process.returncode == 0
        assert out == ""
        assert "stopped" in err
        assert "Traceback" not in err


def test_a_port_in_use_is_the_machine_s_matter(suite):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = suite("serve", "ohttp.gateway", "--port", str(taken.getsockname()[1]))
    assert told.code == 4
    assert "cannot be listened at" in told.err
    assert "environment is at fault" in told.err


# show


def test_everything_can_be_listed_and_explained(quick):
    assert ONE in quick("show", code=0).stdout
    assert "rfc9458" in quick("show", "documents", code=0).stdout
    assert FAULT in quick("show", "faults", code=0).stdout
    explained = quick("show", ONE, code=0).stdout
    assert explained.startswith(ONE)
    assert "decides rfc9458/" in explained
    assert "breaks rfc9458/" in quick("show", FAULT, code=0).stdout
    assert "decided by" in quick("show", "OH-082", code=0).stdout
    rows = json.loads(quick("show", "--coverage", "--json", "-", code=0).stdout)
    assert any(ONE in row["cases"] for row in rows)


def test_a_list_that_cannot_be_written(quick, tmp_path):
    told = quick("show", "--json", tmp_path, code=4)
    assert "cannot be written" in told.stderr


# vectors


def test_vectors_are_checked_and_exported(quick, tmp_path):
    assert "0 problems" in quick("vectors", "check", code=0).stdout
    assert "files in out" in quick("vectors", "export", "out", code=0).stdout
    ours = {p.relative_to(vectors.folder()) for p in vectors.folder().rglob("*.json")}
    assert {p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.json")} == ours
    (tmp_path / "file").write_text("in the way")
    assert quick("vectors", "export", "file/below", code=4).stdout == ""


# doctor, adapter, matrix


def test_the_doctor_names_every_implementation(suite):
    told = suite("doctor", PATH="", CONFORMANCE_CACHE=str(suite.folder / "cache"))
    assert told.code == 0
    for name in find_manifests():
        assert name in told.out
    assert "missing" in told.out


CHECKED = [
    ("honest", 0, "liar 1.0: 0 problems; roles bhttp.decoder, ohttp.gateway"),
    ("always-ok", 1, "no-such"),
    ("bad-serve", 1, "serve: "),
    ("dies-in-hello", 1, "hello: "),
    ("careless", 1, "→"),
    ("pollutes", 1, "→"),
]


@pytest.mark.parametrize(("behaviour", "code", "what"), CHECKED)
def test_the_author_of_an_adapter_is_told_what_is_wrong_with_it(suite, behaviour, code, what):
    told = suite("adapter", "check", liar(behaviour))
    assert told.code == code, told.both
    assert what in told.out


def test_an_adapter_that_cannot_be_started(suite):
    told = suite("adapter", "check", "no-such-command-here")
    assert told.code in {1, 4}
    assert "no-such-command-here" in told.both


def test_without_tool_chains_nothing_is_built_and_it_says_so(suite):
    bare = {"PATH": "", "CONFORMANCE_CACHE": str(suite.folder / "cache")}
    name = next(n for n, m in find_manifests().items() if m.needs)
    built = suite("adapter", "build", name, **bare)
    assert built.code == 4
    assert "missing" in built.out
    tested = suite("run", "--implementation", name, **bare)
    assert tested.code == 4
    assert "missing" in tested.err


def test_a_matrix_without_tool_chains_has_columns_that_say_so(suite, monkeypatch, quick):
    """The reference's own run is cut down to what is already stored: here it is the columns that count."""
    names = sorted(n for n, m in find_manifests().items() if m.needs)[:2]
    bare = {"PATH": "", "CONFORMANCE_CACHE": str(suite.folder / "cache")}
    for key, value in bare.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr("conformance.cli.matrix._work", short_work)
    told = quick("matrix", "--implementations", ",".join(names), "--json", "m.json", code=0)
    assert f"{len(names)} that could not run" in told.stderr
    page = (suite.folder / "reports/index.html").read_text()
    for name in names:
        assert find_manifests()[name].title in page
    assert "missing" in page


def short_work(job):
    """The run of a column, of one case only."""
    import asyncio
    from unittest import mock

    from conformance.cli import matrix

    real = matrix.request_for

    def one_case(*args):
        request = real(*args)
        request.include = (ONE,)
        return request

    with mock.patch.object(matrix, "request_for", one_case):
        return asyncio.run(matrix._run(job))


# report


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run of one case, and the JSON report that was written with it."""
    suite = Suite(tmp_path_factory.mktemp("run"))
    assert suite.run("--json", "first.json").code == 0
    return suite.folder


@pytest.fixture
def stored(run, tmp_path):
    """A copy of the stream."""
    (tmp_path / "stored").mkdir()
    shutil.copy(run / "reports/part-reference/events.ndjson", tmp_path / "stored")
    return tmp_path / "stored"


def test_a_stored_run_is_shown_explained_compared_and_judged_again(quick, run, stored):
    assert "exit 0" in quick("report", stored, code=0).stdout
    assert "conformance run --reference" in quick("report", stored, "--case", ONE, code=0).stdout
    assert "verdicts are the same" in quick("report", stored, "--judge-again", code=0).stdout
    compared = quick("report", stored, "--against", stored, "--json", "-", code=0)
    assert json.loads(compared.stdout) == json.loads((run / "first.json").read_bytes())
    assert compared.stderr


def test_reports_of_two_runs(quick, stored):
    told = quick("report", stored, stored / "events.ndjson", "--html", "r.html", "--markdown", "-", code=0)
    assert told.stdout.startswith("#")
    assert Path("r.html").exists()


def test_a_case_that_is_not_in_the_run(quick, stored):
    assert ONE in quick("report", stored, "--case", ONE[:-2], code=2).stderr


@pytest.mark.parametrize("cut", [1, 200, 5000])
def test_a_truncated_run_is_said_to_be_that(quick, stored, cut):
    stream = stored / "events.ndjson"
    os.truncate(stream, stream.stat().st_size - cut)
    for more in (("--judge-again",), ("--markdown", "-"), ()):
        told = quick("report", stored, *more, code=0)
    assert "truncated" in told.stdout


NO_RUNS = [b"", b"\0\1\2", b"{}\n", b'{"type":"plan"}\n', b"[1]\n", b'{"type":"header","seed":"x"}\n']
BROKEN = [
    b'{"type":"plan","cases":3}\n',
    b'{"type":"verdict"}\n',
    b'{"type":"part","n":x,\n',
    b'{"type":"footer","exit":"x"}\n',
]


@pytest.mark.parametrize("octets", NO_RUNS)
def test_a_file_that_is_no_run(quick, tmp_path, octets):
    (tmp_path / "x.ndjson").write_bytes(octets)
    told = quick("report", "x.ndjson", code=2)
    assert "x.ndjson" in told.stderr


@pytest.mark.parametrize("line", BROKEN)
def test_a_run_with_a_line_that_is_none_is_said_to_be_damaged(quick, tmp_path, line):
    (tmp_path / "x.ndjson").write_bytes(b'{"type":"header"}\n' + line)
    told = quick("report", "x.ndjson", code=0)
    assert "a line cannot be read" in told.stdout
    assert "the run did not end" in told.stdout


def test_every_command_was_met():
    """A command that is added has to be tested here or in a file beside this one."""
    here = "".join(p.read_text() for p in Path(__file__).parent.glob("test_*.py"))
    assert [c for c in COMMANDS if f'"{c}"' not in here] == []
