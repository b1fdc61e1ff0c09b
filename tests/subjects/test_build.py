import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from conformance.model import AdapterError
from conformance.subjects import (
    Built,
    NotBuilt,
    ProcessSubject,
    ProgramSubject,
    ServerSubject,
    build,
    built_already,
    cache_folder,
    diagnose,
    digest_of,
    read_manifest,
    subject_of,
)

MANIFEST = """
name = "{name}"
title = "Thing"
packages = ["pkg:pypi/thing@1.0"]
language = "python"
licence = "MIT"
homepage = "https://example.com/"
roles = ["bhttp.decoder"]
needs = {needs}
build = {build}
{more}
"""
BUILD = '[["sh", "-c", "cp $0/adapter.py {out}/ && echo copied", "."]]'
COMMAND = f'command = ["{sys.executable}", "{{out}}/adapter.py", "honest"]\n'
COUNTED = '[["sh", "-c", "echo x >> ../../../count; cp adapter.py {out}/"]]'


@pytest.fixture
def written(tmp_path):
    def write(name="thing", needs='["sh"]', build=BUILD, more=COMMAND):
        place = tmp_path / "implementations" / name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).with_name("liars.py"), place / "adapter.py")
        text = MANIFEST.format(name=name, needs=needs, build=build, more=more)
        (place / "implementation.toml").write_text(text)
        return read_manifest(place)

    return write


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


async def one(manifest, cache, **settings):
    return (await build([manifest], cache=cache, **settings))[manifest.name]


async def test_what_is_built_runs(written, cache):
    manifest = written()
    told = []
    built = await one(manifest, cache, progress=lambda *state: told.append(state))
    assert isinstance(built, Built)
    assert built.digest == digest_of(manifest)
    assert [state for _, state, _, _ in told] == ["waiting", "building", "building", "built"]
    assert told[2][3] == "copied"
    assert (cache / "logs" / "thing.log").read_text().endswith("copied\n")
    assert not any((cache / "work").iterdir())
    subject = subject_of(manifest, built)
    assert isinstance(subject, ProcessSubject)
    await subject.start()
    assert subject.hello.name == "liar"
    await subject.stop()


async def test_the_same_digest_is_built_once(written, cache, tmp_path):
    manifest = written(build=COUNTED)
    count = tmp_path / "cache" / "count"
    first = await one(manifest, cache)
    told = []
    assert await one(manifest, cache, progress=lambda *state: told.append(state[1])) == first
    assert (told, count.read_text()) == (["cached"], "x\n")
    (manifest.folder / "expected.toml").touch()
    (manifest.folder / "target").mkdir()
    (manifest.folder / "target" / "left over").touch()
    assert await one(manifest, cache) == first
    with (manifest.folder / "adapter.py").open("a") as shim:
        shim.write("\n")
    second = await one(manifest, cache)
    assert second.digest != first.digest
    assert second.out != first.out
    assert count.read_text() == "x\nx\n"


async def test_two_at_once_build_once(written, cache, tmp_path):
    manifest = written(build=COUNTED)
    both = await asyncio.gather(one(manifest, cache), one(manifest, cache))
    assert both[0] == both[1]
    assert (tmp_path / "cache" / "count").read_text() == "x\n"


async def test_the_digest_covers_sources_and_not_the_place(written, tmp_path):
    shared = tmp_path / "implementations" / "shared" / "main.py"
    shared.parent.mkdir(parents=True)
    shared.write_text("1")
    more = 'sources = ["../shared/main.py"]\n' + COMMAND
    manifest = written(build='[["cp", "../shared/main.py", "{out}/adapter.py"]]', more=more)
    before = digest_of(manifest)
    built = await one(manifest, tmp_path / "cache")
    assert (built.out / "adapter.py").read_text() == "1"
    shutil.copytree(tmp_path / "implementations", tmp_path / "elsewhere")
    assert digest_of(read_manifest(tmp_path / "elsewhere" / "thing")) == before
    shared.write_text("2")
    assert digest_of(manifest) != before


async def test_a_source_outside_the_implementations_is_a_failed_build(written, cache, tmp_path):
    (tmp_path / "far.py").touch()
    manifest = written(more='sources = ["../../far.py"]\n' + COMMAND)
    assert (await one(manifest, cache)).reason == "build failed"


async def test_a_missing_tool_and_a_failed_build_are_results(written, cache):
    missing = await one(written(needs='["sh", "no-such-tool"]'), cache)
    assert missing == NotBuilt("missing tool: no-such-tool", "thing needs sh, no-such-tool.")
    failing = written(build='[["sh", "-c", "touch {out}/half; echo broken pipe; exit 3"], ["true"]]')
    told = []
    failed = await one(failing, cache, progress=lambda *state: told.append(state))
    assert failed.reason == "build failed"
    assert "exit status 3" in failed.detail
    assert failed.detail.endswith("broken pipe")
    assert (told[-1][1], told[-1][3]) == ("failed", "build failed")
    assert built_already(failing, cache) is None
    assert not any((cache / "built").iterdir())
    with pytest.raises(AdapterError, match="build failed"):
        subject_of(failing, failed)
    assert (await one(written(build='[["no-such-program"]]'), cache)).detail.startswith("no-such-program: there is no")


async def test_what_a_killed_build_left_does_not_count(written, cache):
    manifest = written()
    half = cache / "built" / f"thing-{digest_of(manifest)[:16]}" / "out"
    half.mkdir(parents=True)
    (half / "left over").touch()
    assert built_already(manifest, cache) is None
    built = await one(manifest, cache)
    assert built.out == half
    assert {path.name for path in half.iterdir()} == {"adapter.py"}  # a look


async def test_a_build_that_takes_too_long_is_ended(written, cache):
    failed = await one(written(build='[["sleep", "60"]]'), cache, patience=0.2)
    assert "took too long" in failed.detail


async def test_a_full_or_forbidden_cache_is_a_failed_build(written, tmp_path):
    (tmp_path / "file").touch()
    assert (await one(written(), tmp_path / "file")).reason == "build failed"


async def test_cargo_builds_go_one_after_another_and_share_their_target(written, cache, tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    cargo = tools / "cargo"
    # Fails where another one is under way.
    cargo.write_text('#!/bin/sh\nset -e\nmkdir "$CARGO_TARGET_DIR/busy"\nsleep 0.1\nrmdir "$CARGO_TARGET_DIR/busy"\n')
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    steps = '[["cargo", "build"], ["cp", "{target}/../count", "{out}/"]]'
    cache.mkdir()
    (cache / "count").touch()
    manifests = [written(name, needs='["cargo"]', build=steps) for name in ("a", "b", "c")]
    results = await build(manifests, cache=cache)
    assert list(results) == ["a", "b", "c"]
    assert all(isinstance(result, Built) for result in results.values()), results


async def test_what_needs_no_build_is_there_at_once(written, cache):
    manifest = written(build="[]")
    assert await one(manifest, cache) == Built(manifest.folder, digest_of(manifest))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (COMMAND, ProcessSubject),
        (
            COMMAND + 'ready = { port = true }\nserve = { url = "http://127.0.0.1:{port}/" }\nconfig = "adapter.py"',
            ServerSubject,
        ),
        ('[operations."bhttp.decode"]\ncommand = ["{out}/x", "{message}"]\nok = "x"', ProgramSubject),
    ],
    ids=["adapter", "server", "program"],
)
def test_each_kind_of_manifest_has_its_carrier(written, more, kind, tmp_path):
    assert isinstance(subject_of(written(more=more), Built(tmp_path, "")), kind)


def test_the_cache_is_named_by_the_user_the_project_or_the_system(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    monkeypatch.delenv("CONFORMANCE_CACHE")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    (tmp_path / "conformance.toml").touch()
    assert cache_folder() == tmp_path / ".conformance" / "cache"
    (tmp_path / "conformance.toml").unlink()
    monkeypatch.setattr("conformance.subjects._build.folder", lambda: tmp_path / "site" / "implementations")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "conformance"


async def test_the_doctor_says_what_is_there_and_what_is_missing(written, cache):
    manifests = {
        "a": written("a"),
        "b": written("b", needs='["no-such-tool"]'),
        "c": written("c", needs=f'["{sys.executable}"]'),
    }
    await one(manifests["a"], cache)
    diagnosis = await diagnose(manifests, cache)
    assert [(one.name, one.state, one.missing) for one in diagnosis.implementations] == [
        ("a", "built", ()),
        ("b", "missing", ("no-such-tool",)),
        ("c", "can be built", ()),
    ]
    tools = {tool.name: tool for tool in diagnosis.tools}
    assert tools["no-such-tool"].path == ""
    assert tools[sys.executable].version.startswith("Python 3.")
    assert diagnosis.cache == cache
