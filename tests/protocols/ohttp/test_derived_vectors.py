import json

import pytest

from conformance import vectors
from conformance.deriving import text
from conformance.protocols.ohttp.vectors import answer, files

FOLDER = vectors.folder() / "ohttp"
DERIVED = files(FOLDER)
LEAST = {
    "rfc9292-negative.json": 110,
    "rfc9458-keys-negative.json": 25,
    "rfc9458-request-negative.json": 25,
    "rfc9458-response-negative.json": 10,
}


@pytest.mark.parametrize("name", DERIVED)
def test_the_committed_files_are_current(name):
    assert (FOLDER / name).read_text() == text(DERIVED[name]), "run python -m conformance.protocols.ohttp.vectors"


@pytest.mark.parametrize("name", DERIVED)
def test_the_strict_decoders_say_what_the_vectors_say(name):
    file = json.loads((FOLDER / name).read_text())
    for vector in file["vectors"]:
        assert answer(file["kind"], vector["given"]) == vector.get("expect"), vector["id"]


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_invalid_vectors_are_many_and_each_is_confirmed_or_says_why_not(name, least):
    invalid = [v for v in json.loads((FOLDER / name).read_text())["vectors"] if v["result"] == "invalid"]
    assert len(invalid) >= least
    unexplained = [v["id"] for v in invalid if not v.get("confirmed") and "comment" not in v]
    assert unexplained == []
    assert len([v for v in invalid if v.get("confirmed")]) >= len(invalid) * 0.95
    assert not any("nobody was asked" in v.get("comment", "") for v in invalid)
