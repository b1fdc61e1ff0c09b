"""Each protocol's README.md names its roles, the exchanges that its cases vary, and the documents that decide a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.engine.catalogue import load_cases, load_catalogue, protocols
from conformance.model import Case

ROOT = Path(__file__).resolve().parents[2]
OURS = {name: protocol for name, protocol in protocols().items() if protocol.package.startswith("conformance.")}
BY_ITSELF = "_by_itself"


def page(name):
    return (ROOT / "conformance/protocols" / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", OURS)
def test_the_page_names_every_role_and_exchange(name):
    said = set(re.findall(r"`([a-z_.-]+)`", page(name)))
    assert {role.name for role in OURS[name].roles} - said == set()
    used = {c.exchange.name.removesuffix(BY_ITSELF) for c in load_cases(OURS[name]) if isinstance(c, Case)}
    assert used - said == set()


@pytest.mark.parametrize("name", OURS)
def test_the_page_names_every_document_that_decides_a_run(name):
    said = re.sub(r"[^a-z0-9]", "", page(name).lower())
    decided = {r.rpartition("/")[0].split("/")[0] for c in load_cases(OURS[name]) for r in c.decides}
    documents = load_catalogue([OURS[name]]).documents
    assert {d for d in decided if documents[d].gate and re.sub(r"[^a-z0-9]", "", d) not in said} == set()


def test_the_page_of_vectors_names_every_kind():
    said = re.findall(r"^\| `([a-z.-]+)` \|", (ROOT / "vectors/README.md").read_text(encoding="utf-8"), re.MULTILINE)
    kinds = {path.name.removesuffix(".schema.json") for path in (ROOT / "vectors/schema").glob("*.json")}
    assert set(said) == kinds - {"conformance-vectors"}
