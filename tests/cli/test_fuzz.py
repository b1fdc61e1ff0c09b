"""`conformance fuzz` as a command: what it says, what it leaves behind, how it ends."""

import json
import re

from click.testing import CliRunner

from conformance.cli import cli

FAULT = ["fuzz", "--protocol", "ohttp", "--reference", "--fault", "crashes-on-odd-padding", "--role", "bhttp.decoder"]


def run(*words):
    return CliRunner().invoke(cli, [*words])


def test_a_finding_is_told_stored_and_seen_again(tmp_path):
    told = run(*FAULT, "--time", "4s", "--out", str(tmp_path))
    assert told.exit_code == 1, told.output
    assert "bhttp.decoder: crash: it died" in told.output
    assert re.search(r"bhttp.decoder: \d+ examples, \d+ exchanges, \d+ findings", told.output)
    place = next(p for p in tmp_path.iterdir() if json.loads(p.read_text())["observation"] == "crash")
    assert f"--again {place}" in told.output
    again = run(*FAULT, "--again", str(place))
    assert again.exit_code == 1, again.output
    assert "seen 3 of 3 times" in again.output
    fine = run("fuzz", "--protocol", "ohttp", "--reference", "--role", "bhttp.decoder", "--again", str(place))
    assert fine.exit_code == 0, fine.output
    assert "seen 0 of 3 times" in fine.output


def test_what_is_about_another_role_cannot_be_played(tmp_path):
    run(*FAULT, "--time", "4s", "--out", str(tmp_path))
    place = next(tmp_path.iterdir())
    told = run("fuzz", "--protocol", "ohttp", "--reference", "--role", "keyconfig.decoder", "--again", str(place))
    assert told.exit_code == 3
    assert "no bhttp.decoder was found" in told.output
