from __future__ import annotations

from dataclasses import replace
from importlib import metadata

import pytest

from conformance.engine import catalogue
from conformance.engine.catalogue import binds, load_cases, load_catalogue
from conformance.model import UsageError
from tests.engine import toy


def test_documents_and_requirements_are_read():
    found = load_catalogue([toy.PROTOCOL])

    assert {d: found.documents[d].gate for d in found.documents} == {"toy": True, "toy-draft": False}
    assert found.requirements["toy/3/never-seen"].unseen == "it happens inside"
    assert found.requirements["toy/1/length-holds"].document == "toy"
    assert load_catalogue([]).requirements == {}


def test_a_role_is_bound_by_the_documents_terms_and_by_how_it_is_seen():
    found = load_catalogue([toy.PROTOCOL])
    library, server, _ = toy.PROTOCOL.roles

    assert {r.id for r in found.binding(server)} == {
        "toy/1/length-holds", "toy/2/session-survives", "toy/2/no-secrets",
    }  # fmt: skip
    assert "toy-draft/1/zeros-refused" in {r.id for r in found.binding(library)}
    row = found.requirements["toy/1/length-holds"]
    assert not binds(replace(server, via="client"), row)
    assert not binds(replace(server, binds={}), row)


def test_cases_are_those_of_the_protocol():
    assert {c.id.split("/")[1] for c in load_cases(toy.PROTOCOL)} == {"client", "library", "server"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("[document]\nid = 1\n", "requirements/x.toml"),
        ("[[requirement]]\n", "requirements/x.toml"),
        ("this is no toml", "requirements/x.toml"),
        ("{document}[[requirement]]\nkey = 'X'\n", "requirements/x.toml"),
        ("{document}{row}{row}", "the requirement d/1/x stands twice"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, monkeypatch, rows, told):
    document = "[document]\nid='d'\ntitle='d'\nrevision='1'\nstatus='x'\ngate=true\nsource='s'\n"
    row = "[[requirement]]\nid='d/1/x'\nkey='X'\nsection='1'\nlevel='MUST'\nroles=[]\nvia=[]\ntext='t'\n"
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "x.toml").write_text(rows.format(document=document, row=row))
    (tmp_path / "requirements" / "notes.md").write_text("not read")
    monkeypatch.setattr(catalogue.resources, "files", lambda _: tmp_path)

    with pytest.raises(UsageError, match=told):
        load_catalogue([toy.PROTOCOL])


def test_protocols_register_through_entry_points(monkeypatch):
    class Point:
        name, value = "toy", "tests.engine.toy:PROTOCOL"

        def __init__(self, protocol):
            self.protocol = protocol

        def load(self):
            if self.protocol is None:
                raise ImportError("no module of that name")
            return self.protocol

    points = [Point(toy.PROTOCOL)]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points if group == catalogue.GROUP else [])
    catalogue.protocols.cache_clear()
    try:
        assert catalogue.protocols() == {"toy": toy.PROTOCOL}
        catalogue.protocols.cache_clear()
        points.append(Point(None))
        with pytest.raises(
            UsageError, match=r"the protocol toy \(tests.engine.toy:PROTOCOL\) cannot be loaded: no mod"
        ):
            catalogue.protocols()
    finally:
        monkeypatch.undo()
        catalogue.protocols.cache_clear()
