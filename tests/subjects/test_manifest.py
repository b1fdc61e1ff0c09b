import dataclasses

import pytest

from conformance.model import UsageError
from conformance.subjects import find_manifests, near, read_manifest
from conformance.subjects._manifest import fill, folder

LEAST = """
name = "thing"
title = "Thing 1"
packages = ["pkg:pypi/thing@1.0"]
language = "python"
licence = "MIT"
homepage = "https://example.com/"
roles = ["ohttp.gateway"]
"""
ADAPTER = LEAST + 'command = ["{out}/thing"]\n'
SERVER = ADAPTER + 'ready = { port = true }\nserve = { url = "http://127.0.0.1:{port}/" }\n'
PROGRAM = LEAST + '[operations."bhttp.decode"]\ncommand = ["thing", "{message}"]\nok = "^good (?P<message>.*)$"\n'


@pytest.fixture
def written(tmp_path):
    def write(text, name="thing"):
        place = tmp_path / name
        place.mkdir()
        (place / "implementation.toml").write_text(text)
        return place

    return write


@pytest.mark.parametrize(
    ("text", "kind"),
    [(ADAPTER, "adapter"), (SERVER, "server"), (PROGRAM, "program")],
    ids=["adapter", "server", "program"],
)
def test_the_least_of_each_kind(written, text, kind):
    manifest = read_manifest(written(text))
    assert (manifest.name, manifest.kind, manifest.hello.version) == ("thing", kind, "1.0")
    assert set(manifest.hello.roles) == {"ohttp.gateway"}
    assert manifest.expected is None
    (manifest.folder / "expected.toml").touch()
    assert manifest.expected == manifest.folder / "expected.toml"


def test_offers_say_what_a_program_cannot_say_of_itself(written):
    manifest = read_manifest(
        written(SERVER + '[offers."ohttp.gateway"]\nvariants = { http = [1] }\nfeatures = ["x"]\n')
    )
    offer = manifest.hello.roles["ohttp.gateway"]
    assert (offer.features, dict(offer.variants)) == (("x",), {"http": (1,)})


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("name = ", "is no TOML", ""),
        (ADAPTER + "licens = 1", "licens: unknown key", "Did you mean licence?"),
        (ADAPTER + 'folder = "x"', "folder: unknown key", "Known are build"),
        (SERVER.replace("port = true", "prt = true"), "ready.prt: unknown key", "port"),
        (PROGRAM + 'okay = "x"', "operations.bhttp.decode.okay: unknown key", "ok"),
        (SERVER + '[offers."ohttp.gateway"]\nvariant = {}', "offers.ohttp.gateway.variant: unknown key", "variants"),
        (ADAPTER.replace('title = "Thing 1"', ""), "missing required field `title`", "adapter.md"),
        (ADAPTER.replace('"pkg:pypi/thing@1.0"', '"thing 1"'), "packages[0]: Expected `str` matching", ""),
        (ADAPTER.replace("@1.0", ""), "packages: pkg:pypi/thing has no exact version", ""),
        (ADAPTER.replace('"thing"', '"other"', 1), "name: other is not the name of its folder, thing", ""),
        (ADAPTER.replace("ohttp.gateway", "Gateway"), "roles[0]: Expected", ""),
        (ADAPTER + 'build = ["make"]', "build[0]: Expected `array`, got `str`", ""),
        (ADAPTER + 'build = [["cp", "{in}"]]', "build: {in} means nothing here; known are out, target", ""),
        (ADAPTER.replace("{out}", "{port}"), "command: {port} means nothing here; known are dir, out", ""),
        (ADAPTER + 'sources = ["../gone"]', "sources: ../gone is not there", ""),
        (ADAPTER + 'serve = { url = "x" }', "serve: is for ready programs", ""),
        (ADAPTER + "starts = 2", "starts: is for ready programs", ""),
        (LEAST, "command: is missing", ""),
        (PROGRAM.replace("[oper", 'command = ["x"]\n[oper'), "command: stands in each of operations", ""),
        (PROGRAM.replace("(?P<message>.*)", "("), "operations.bhttp.decode.ok: is no regular expression", ""),
        (SERVER.replace("port = true", 'port = true, line = "x"'), "ready: has exactly one of url, line and port", ""),
        (SERVER.replace("port = true", 'line = "("'), "ready.line: is no regular expression", ""),
        (SERVER.replace("url = ", "keys = "), "serve: has no url", ""),
        (SERVER + 'config = "gone.toml"', "config: gone.toml is not there", ""),
        (SERVER + "starts = 9", "starts: Expected `int` <= 5", ""),
        (SERVER + '[offers."ohttp.relay"]', "offers.ohttp.relay: is none of its roles", ""),
    ],
)
def test_what_is_wrong_is_named_by_file_key_and_remedy(written, text, key, hint):
    place = written(text)
    with pytest.raises(UsageError) as caught:
        read_manifest(place)
    assert caught.value.what.startswith(f"{place / 'implementation.toml'}: ")
    assert key in caught.value.what
    assert hint in caught.value.hint


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path)


def test_our_own_manifests_are_right():
    manifests = find_manifests()
    assert manifests
    assert {path.parent.name for path in folder().glob("*/implementation.toml")} == set(manifests)


def test_more_implementations_are_found_beside_ours(written, tmp_path):
    place = written(ADAPTER)
    assert "thing" in find_manifests([tmp_path])
    assert set(find_manifests([place])) == set(find_manifests([tmp_path]))
    with pytest.raises(UsageError, match="also stands in"):
        find_manifests([place, tmp_path])
    with pytest.raises(UsageError, match="is no folder"):
        find_manifests([tmp_path / "gone"])


def test_a_mistyped_name_is_met_with_the_right_one(written):
    manifest = read_manifest(written(ADAPTER))
    known = {"thing": manifest, "other": dataclasses.replace(manifest, name="other")}
    assert near("thing", known) is manifest
    for name, hint in (("thin", "Did you mean thing?"), ("xyz", "Known are other, thing.")):
        with pytest.raises(UsageError, match=f"no implementation is called {name}") as caught:
            near(name, known)
        assert caught.value.hint == hint


def test_only_known_names_in_braces_are_filled():
    assert fill('{out}/x {"a":1} {unknown}', {"out": "o"}) == 'o/x {"a":1} {unknown}'
