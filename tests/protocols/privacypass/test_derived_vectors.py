import json

import pytest

from conformance import vectors
from conformance.deriving import text
from conformance.protocols.privacypass.vectors import answer, files

FOLDER = vectors.folder() / "privacypass"
DERIVED = files(FOLDER)
LEAST = {
    "rfc9577-authorization-derived.json": 20,
    "rfc9577-challenge-derived.json": 55,
    "rfc9577-field-derived.json": 15,
    "rfc9577-token-derived.json": 40,
    "rfc9578-directory-derived.json": 35,
    "rfc9578-key-derived.json": 45,
    "rfc9578-request-derived.json": 45,
    "rfc9578-response-derived.json": 35,
}


@pytest.mark.parametrize("name", DERIVED)
def test_the_committed_files_are_current(name):
    assert (FOLDER / name).read_text() == text(DERIVED[name]), "run python -m conformance.protocols.privacypass.vectors"


@pytest.mark.parametrize("name", DERIVED)
def test_the_strict_decoders_say_what_the_vectors_say(name):
    file = json.loads((FOLDER / name).read_text())
    for vector in file["vectors"]:
        assert answer(file["kind"], vector["given"]) == vector.get("expect"), vector["id"]


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_invalid_vectors_are_many_and_each_is_confirmed_or_says_why_not(name, least):
    invalid = [v for v in json.loads((FOLDER / name).read_text())["vectors"] if v["result"] == "invalid"]
    assert len(invalid) >= least
    assert [v["id"] for v in invalid if not v.get("confirmed") and "comment" not in v] == []


def test_most_invalid_vectors_are_confirmed():
    invalid = [v for file in DERIVED.values() for v in file["vectors"] if v["result"] == "invalid"]
    assert len([v for v in invalid if v.get("confirmed")]) >= len(invalid) * 0.55
