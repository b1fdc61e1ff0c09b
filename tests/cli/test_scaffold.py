"""`adapter new`: what it writes passes the check as it is, in every language whose tools are here."""

import os
import shlex
import shutil
import subprocess
import tomllib

import pytest

from conformance.cli._scaffold import LANGUAGES
from conformance.engine.catalogue import protocols

ROLE = next(r for p in protocols().values() for r in p.roles if r.operations)
NEEDS = {"python": "python3", "node": "node", "go": "go"}


@pytest.mark.parametrize("language", NEEDS)
def test_a_scaffold_passes_the_check(suite, language):
    if shutil.which(NEEDS[language]) is None:
        pytest.skip(f"NO {NEEDS[language].upper()}: its scaffold is not tried")
    told = suite("adapter", "new", language, "--role", ROLE.name, "--name", "mine")
    assert told.code == 0, told.both
    if build := LANGUAGES[language].build:
        env = {"GOFLAGS": "-mod=mod", "GOCACHE": str(suite.folder / "cache"), "HOME": str(suite.folder)}
        path = {"PATH": os.environ["PATH"]}
        subprocess.run(["sh", "-c", build.format(dir="mine")], cwd=suite.folder, check=True, env=env | path)
    (command,) = [line.partition(": ")[2].strip() for line in told.out.splitlines() if line.startswith("check it")]
    checked = suite(*shlex.split(command)[1:], patience=60)
    assert checked.code == 0, checked.both
    assert f"mine 0.0.0: 0 problems; roles {ROLE.name}" in checked.out


def test_the_scaffold_in_rust_is_whole(quick, tmp_path):
    quick("adapter", "new", "rust", "--role", ROLE.name, "--out", "there", code=0)
    assert tomllib.loads((tmp_path / "there" / "Cargo.toml").read_text())["package"]["name"] == "adapter"
    source = (tmp_path / "there" / "src" / "main.rs").read_text()
    assert all(f'"{op}" => not_yet(given),' in source for op in ROLE.operations)
    assert "@" not in source.replace("my-implementation@0.0.0", "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["cobol"], "there are go, node, python, rust"),
        (["python", "--role", "no.role"], "there is no role"),
        (["python", "--name", "../x"], "is no name for an implementation"),
        (["python", "--out", "full"], "full is there already"),
    ],
)
def test_what_cannot_be_written_is_said(quick, tmp_path, args, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert said in quick("adapter", "new", *args, code=2).output
