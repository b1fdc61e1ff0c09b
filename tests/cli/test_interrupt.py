"""Ctrl-C and its like: what was seen is written, and a second one leaves at once."""

import json
import signal
import time

import pytest

from conformance.engine.stream import read_run
from tests.cli.kit import ONE

SLOW = ("run", "--reference", "--include", ONE, "--rate", "3")


def until(process, events):
    """Wait until a verdict or a part is stored, so that a run is in its middle."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if events.exists() and b'"type":"part"' in events.read_bytes():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError("nothing was stored in time")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_writes_what_it_saw(suite, number):
    events = suite.folder / "reports/part-reference/events.ndjson"
    with suite.process(*SLOW, "--json", "r.json", "--junit", "r.xml") as process:
        until(process, events)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted: writing what was seen" in err
    assert "Traceback" not in err
    assert "exit 130" in out
    run = read_run(events)
    assert run.intact
    assert run.footer.interrupted is True
    assert run.footer.exit == 130
    result = json.loads((suite.folder / "r.json").read_bytes())
    assert result["exit"] == 130
    assert {c["verdict"] for c in result["cases"]} == {"pass", "inconclusive"}
    assert (suite.folder / "r.xml").exists()


def test_an_interrupted_run_is_not_repeated(suite):
    with suite.process(*SLOW, "--repeat", "3") as process:
        until(process, suite.folder / "reports/part-reference/events-1.ndjson")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert not (suite.folder / "reports/part-reference/events-2.ndjson").exists()


def test_a_target_that_says_nothing_can_be_left(suite, raw):
    asked = []

    def mute(sock):
        asked.append(sock.recv(65536))
        while sock.recv(65536):
            pass

    url = f"http://127.0.0.1:{raw(mute).port}/"
    with suite.process("run", "--target", url, "--patience", "60") as process:
        end = time.monotonic() + 20
        while not asked and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "before anything was seen" in err
    assert "Traceback" not in err


def test_a_second_one_leaves_at_once(suite):
    """Both are sent before the process can have dealt with the first."""
    with suite.process(*SLOW) as process:
        until(process, suite.folder / "reports/part-reference/events.ndjson")
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.count("interrupted") == 1
    assert read_run(suite.folder / "reports/part-reference/events.ndjson").footer is None
