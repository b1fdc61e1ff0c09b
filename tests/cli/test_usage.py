"""What is wrong on the command line or in a file is told at once, with what to write instead: exit 2."""

import os
import subprocess
import sys

import pytest

from conformance.cli import COMMANDS
from tests.cli.kit import COMMAND, ONE, environment

REFERENCE = ("run", "--reference")
URL = ("run", "--target", "http://127.0.0.1:9/")

WRONG = [
    (("run",), "no target", "--target URL"),
    (("run", "--target", ""), "no target", "--reference"),
    ((*URL, "--reference"), "--target and --reference are given", ""),
    ((*URL, "--target", "http://127.0.0.1:8/"), "--target is given 2 times", ""),
    (("run", "--target", "gateway.example"), "is no URL", "https://gateway.example"),
    (("run", "--target", "ftp://gateway.example"), "is no http or https URL", ""),
    (("run", "--target", "http://127.0.0.1:99999/"), "is no URL", ""),
    (("run", "--target", "http://me@127.0.0.1/"), "user names", ""),
    ((*REFERENCE, "--protocol", "ohtp"), "no protocol 'ohtp'", "ohttp"),
    ((*REFERENCE, "--role", "ohttp.gatway"), "no role 'ohttp.gatway'", "ohttp.gateway"),
    ((*URL, "--role", "bhttp.decoder"), "cannot be tested through a URL", "ohttp.gateway"),
    (("run", "--implementation", "rust-ohtp"), "no implementation is called rust-ohtp", "rust-ohttp"),
    (("run", "--adapter", "   "), "the command is empty", ""),
    (("run", "--adapter", "sh 'x"), "cannot be taken apart", ""),
    ((*URL, "--http", "4"), "--http '4'", "1, 2 and 3"),
    ((*URL, "--http", "1,0"), "--http '1,0'", "1, 2 and 3"),
    ((*URL, "--http", "two"), "no list of HTTP versions", "--http 1,2"),
    ((*URL, "--http", ""), "no list of HTTP versions", "--http 1,2"),
    ((*URL, "--header", "Authorization"), "has no colon", "Name: value"),
    ((*URL, "--header", "A: \u20ac"), "characters that a header cannot carry", ""),
    ((*URL, "--header", "a b: c"), "cannot be sent", ""),
    ((*REFERENCE, "--header", "A: b\r\nc: d"), "cannot be sent", ""),
    ((*URL, "--option", "keys"), "no key=value", "key=value"),
    ((*URL, "--option", "=x"), "no key=value", "key=value"),
    ((*REFERENCE, "--connect-to", "a:1:b"), "not HOST:PORT:HOST:PORT", ""),
    ((*URL, "--connect-to", "a:1:b:99999"), "a port beyond 65535", ""),
    ((*URL, "--vantage", "here"), "no address of this machine", ""),
    ((*URL, "--ca-file", "missing.pem"), "missing.pem", ""),
    ((*URL, "--patience", "0"), "--patience", ""),
    ((*URL, "--lanes", "0"), "--lanes", ""),
    ((*REFERENCE, "--again", ONE[:-1]), "there is no case", ONE),
    ((*REFERENCE, "--again", "ohttp/*"), "there is no case", "--include"),
    ((*REFERENCE, "--again", f"{ONE}[x]"), "has no attempt 'x'", "but one"),
    ((*REFERENCE, "--update-baseline"), "no file to write", "--baseline FILE"),
    ((*REFERENCE, "--baseline", "missing.toml"), "missing.toml cannot be read", ""),
    ((*REFERENCE, "--json", "-", "--junit", "-"), "both go to standard output", ""),
    ((*REFERENCE, "--level", "may"), "may", "must"),
    (("serve", "ohttp.gatewai"), "no server for 'ohttp.gatewai'", "ohttp.gateway"),
    (("serve", "ohttp.gateway", "--fault", "internal-error"), "no fault 'internal-error'", "internal-error-"),
    (("show", "ohttp/gateway/request/enc-cut-shorter"), "nothing is called", ONE),
    (("show", "--protocol", "masq"), "no protocol 'masq'", "did you mean masque"),
    (("mutants", "--fault", "none"), "there is no fault 'none'", ""),
    (("mutants", "--role", "ohttp.gatewai"), "there is no role", "ohttp.gateway"),
    (("matrix", "--implementations", "nobody"), "no implementation is called nobody", ""),
    (("matrix", "--with", "../up=http://127.0.0.1:9/"), "no NAME=URL", "name of a folder"),
    (("adapter", "check", ""), "the command is empty", ""),
    (("adapter", "build", "nobody"), "no implementation is called nobody", ""),
    (("report", "missing.ndjson"), "holds no stored run", "events.ndjson"),
    (("report",), "RUNS", ""),
    (("report", "."), "holds no stored run", ""),
    (("nonsense",), "nonsense", ""),
]


@pytest.mark.parametrize(
    ("args", "what", "hint"), WRONG, ids=lambda v: " ".join(v)[:60] if isinstance(v, tuple) else "-"
)
def test_what_cannot_be_is_said_with_a_way_out(quick, args, what, hint):
    told = quick(*args, code=2)
    assert what in told.stderr
    assert hint in told.stderr
    assert told.stdout == ""


FILES = [
    ("conformance.toml", "[run", "is no TOML", ""),
    ("conformance.toml", "\udcff", "cannot be read", ""),
    ("conformance.toml", "[rum]\n", "no command 'rum'", "run"),
    ("conformance.toml", "run = 3\n", "must be a table", "[run]"),
    ("conformance.toml", "[run]\npatienc = 3\n", "unknown key 'patienc'", "patience"),
    ("conformance.toml", "[run]\npatience = 'long'\n", "a number is wanted", ""),
    ("conformance.toml", "[run]\npatience = true\n", "a number is wanted", ""),
    ("conformance.toml", "[run]\nseed = 1.5\n", "a whole number is wanted", ""),
    ("conformance.toml", "[run]\nstrict = 'yes'\n", "true or false is wanted", ""),
    ("conformance.toml", "[run]\ninclude = [1]\n", "text is wanted", ""),
    ("conformance.toml", "[run]\nhttp = 1\n", "text is wanted", ""),
    ("conformance.toml", "[run]\nlevel = 'may'\n", "may", "must"),
    ("pyproject.toml", "[tool]\nconformance = 1\n", "must be a table", ""),
    ("pyproject.toml", "[tool.conformance.run]\ntargett = 'x'\n", "unknown key 'targett'", "target"),
]


@pytest.mark.parametrize(("name", "text", "what", "hint"), FILES, ids=lambda value: value[:40])
def test_a_wrong_configuration_says_what_is_wrong_where(quick, tmp_path, name, text, what, hint):
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    told = quick("run", "--reference", code=2)
    assert what in told.stderr
    assert hint in told.stderr


BASELINES = [
    ("[[expected]\n", ""),
    ("[[expected]]\ncase = 'x'\n", "reason"),
    ("[[expected]]\ncase = 'x'\nreason = ' '\n", "gives no reason"),
    ("[[expected]]\ncase = 'x'\nreason = 'y'\nexpires = 'soon'\n", "expires"),
    ("[[expectd]]\ncase = 'x'\nreason = 'y'\n", "expectd"),
    ("[[expected]]\ncase = 'x'\nreason = 'y'\nowner = 3\n", "owner"),
]


@pytest.mark.parametrize(("text", "what"), BASELINES)
def test_a_wrong_baseline_says_what_is_wrong(quick, tmp_path, text, what):
    (tmp_path / "known.toml").write_text(text)
    told = quick("run", "--reference", "--baseline", "known.toml", code=2)
    assert "the baseline known.toml" in told.stderr
    assert what in told.stderr


def test_an_unknown_key_in_an_entry_is_an_error(quick, tmp_path):
    (tmp_path / "known.toml").write_text("[[expected]]\ncase = 'x'\nreason = 'y'\nexpire = 2027-01-01\n")
    assert "expire" in quick("run", "--reference", "--baseline", "known.toml", code=2).stderr


def test_the_named_configuration_must_exist_and_be_one(quick, tmp_path):
    assert "does not exist" in quick("--config", "none.toml", "show", code=2).stderr
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    assert "has no [tool.conformance]" in quick("--config", "pyproject.toml", "show", code=2).stderr


def test_a_pyproject_of_somebody_else_is_left_alone(quick, tmp_path):
    (tmp_path / "pyproject.toml").write_text("no TOML at all")
    assert "ohttp.gateway" in quick("show", "roles", code=0).stdout


@pytest.mark.parametrize(("name", "table"), [("conformance.toml", "run"), ("pyproject.toml", "tool.conformance.run")])
def test_the_configuration_gives_defaults_that_the_command_line_replaces(quick, tmp_path, name, table):
    text = f"[{table}]\nreference = true\ninclude = '{ONE}'\ndry-run = true\nhttp = '2'\n"
    (tmp_path / name).write_text(text)
    planned = quick("run", code=0).stdout.split()
    assert planned[0] == ONE
    assert planned[1].startswith("http=2,")
    changed = quick("run", "--http", "1", "--target", "http://gateway.example/", code=0)
    assert changed.stdout.split()[1].startswith("http=1,")
    assert "gateway.example" in changed.stderr


DEEPER = [("vectors", "check"), ("vectors", "export"), ("adapter", "check"), ("adapter", "build")]
COMMAND_LINES = [(), *((name,) for name in COMMANDS), *DEEPER]
HEAVY = {"asyncio", "aioquic", "jinja2", "cryptography", "rich", "h2", "h11", "httpx", "pyhpke", "ssl"}


@pytest.mark.parametrize("words", COMMAND_LINES, ids=" ".join)
def test_help_is_there(quick, words):
    told = quick(*words, "--help", code=0)
    assert told.stdout.startswith("Usage: conformance")
    assert told.stderr == ""


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom conformance.cli import cli\n"
        f"for words in {[list(w) for w in COMMAND_LINES]!r}:\n"
        "    cli.main([*words, '--help'], standalone_mode=False)\n"
        "print('loaded:', *sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)\n"
    )
    env = {k: v for k, v in environment().items() if not k.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    loaded = done.stderr.rpartition("loaded: ")[2].split()
    assert "click" in loaded
    assert not HEAVY & set(loaded)


def test_the_version_is_told(quick):
    assert quick("--version", code=0).stdout.startswith("conformance, version ")


def test_a_reader_that_leaves_early_makes_no_noise(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, "show", "requirements"], stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (4, b"")
