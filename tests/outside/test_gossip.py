"""A fifth protocol, registered by a package from outside: nothing of ours knows it, and everything works for it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """What installing the package leaves behind: its metadata on the path, beside its code."""
    place = tmp_path_factory.mktemp("site")
    info = place / "gossip-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gossip\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[conformance.protocols]\ngossip = gossip:PROTOCOL\n")
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(place), str(HERE)))}


def conformance(world, folder, *words, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        env=world,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_runs_from_the_reference_to_the_page(world, tmp_path):
    told = conformance(
        world, tmp_path, "run", "--reference", "--protocol", "gossip", "--html", "r.html", "--json", "r.json"
    )
    assert "4 of 4 required passed" in told
    result = json.loads((tmp_path / "r.json").read_text())
    assert {(c["id"], c["verdict"]) for c in result["cases"]} == {
        ("gossip/server/hops-that-are-left", "pass"), ("gossip/server/no-hop-left", "pass"),
        ("gossip/client/rumours-of-any-age", "pass"), ("gossip/client/hops-that-grew", "pass"),
    }  # fmt: skip
    page = (tmp_path / "r.html").read_text()
    assert "A rumour is given back with one hop less" in page
    told = conformance(world, tmp_path, "report", "reports/reference", "--judge-again")
    assert "6 of 6 verdicts are the same" in told, "servers in two versions of HTTP"


def test_its_cases_are_proven_by_its_faults(world, tmp_path):
    told = conformance(world, tmp_path, "mutants", "--protocol", "gossip")
    assert "4 of 4 cases proven" in told
    assert "4 of 4 faults killed" in told


def test_a_server_of_it_is_found_at_its_address(world, tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-m", "conformance", "serve", "gossip.server", "--fault", "tells-forever"],
        env=world, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = next(m[0] for line in server.stdout if (m := re.search(r"http://\S+", line)))
        told = conformance(world, tmp_path, "run", "--target", url, "--protocol", "gossip", code=1)
    finally:
        server.terminate()
        server.communicate()
    assert "gossip/server/no-hop-left" in told
    assert "gossip/2/exhausted-rumour-refused" in told or "GO-002" in told


def test_its_implementations_meet_in_the_matrix(world, tmp_path):
    told = conformance(world, tmp_path, "matrix", "--protocol", "gossip", "--json", "m.json")
    assert "gossip.client with gossip.server: 1 pass" in told
    (cell,) = json.loads((tmp_path / "m.json").read_text())["cells"]
    assert (cell["verdict"], cell["passed"], cell["of"]) == ("pass", 1, 1)
    assert "#/interop" in (tmp_path / "reports" / "index.html").read_text()
