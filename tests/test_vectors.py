import copy
import dataclasses
import functools
import json
import shutil
import tomllib

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors

CATALOGUE = vectors.folder().parent / "conformance" / "protocols"
SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in (vectors.folder() / "schema").glob("*.schema.json")
}
FILES = vectors.load()
# What the module's own reader of schemas knows; a keyword beyond these would be passed over in silence.
KEYWORDS = set(
    """$schema $ref $defs title description type const enum pattern minLength minimum maximum minItems maxItems
    uniqueItems items required properties additionalProperties allOf if then else""".split()  # noqa: SIM905
)


def requirements():
    documents = [tomllib.loads(path.read_text()) for path in CATALOGUE.glob("*/requirements/*.toml")]
    return {requirement["id"] for document in documents for requirement in document.get("requirement", ())}


# --- The vectors as they are -----------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_the_vectors():
    assert vectors.check(requirements()) == []


def test_the_published_files_are_there():
    published = {file.name: (file.kind, len(file.vectors)) for file in FILES if file.origin == "published"}
    assert published == {
        "keytrans/plexi-signature.json": ("plexi.signature", 2),
        "keytrans/rfc9381-ecvrf.json": ("vrf", 12),
        "ohttp/chunked-08-example.json": ("ohttp.exchange-chunked", 1),
        "ohttp/hpke-pq-05.json": ("hpke", 13),
        "ohttp/rfc9180-hpke.json": ("hpke", 28),
        "ohttp/rfc9292-examples.json": ("bhttp.message", 4),
        "ohttp/rfc9458-example.json": ("ohttp.exchange", 1),
        "privacypass/batched-07-amortized-p384.json": ("privacypass.issuance-amortized", 10),
        "privacypass/batched-07-amortized-ristretto255.json": ("privacypass.issuance-amortized", 10),
        "privacypass/batched-07-generic.json": ("privacypass.issuance-batch", 8),
        "privacypass/batched-07-type5.json": ("privacypass.issuance", 10),
        "privacypass/rfc9474-blind-rsa.json": ("blind-rsa", 4),
        "privacypass/rfc9497-oprf.json": ("oprf", 40),
        "privacypass/rfc9577-challenge.json": ("privacypass.challenge", 6),
        "privacypass/rfc9577-header.json": ("privacypass.www-authenticate", 3),
        "privacypass/rfc9578-type1.json": ("privacypass.issuance", 5),
        "privacypass/rfc9578-type2.json": ("privacypass.issuance", 5),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_files_satisfy_the_schemas_by_another_validator(file):
    content = json.loads((vectors.folder() / file.name).read_text())
    jsonschema.Draft202012Validator(SCHEMAS["conformance-vectors"]).validate(content)
    for vector in content["vectors"]:
        jsonschema.Draft202012Validator(SCHEMAS[file.kind]).validate(vector)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas_of_known_keywords(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])

    def keywords(schema):
        if isinstance(schema, bool):
            return
        yield from schema
        named = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
        for part in (
            *named,
            *schema.get("allOf", ()),
            *(schema[k] for k in ("items", "if", "then", "else") if k in schema),
        ):
            yield from keywords(part)

    assert set(keywords(SCHEMAS[name])) <= KEYWORDS
    ours = name in {"conformance-vectors", "found.message"}  # the latter is of what users find
    assert ours or name in {file.kind for file in FILES}, "no file is of this kind"


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_files_are_read_by_pattern_and_in_order():
    assert [file.name for file in FILES] == sorted(file.name for file in FILES)
    (file,) = vectors.load("ohttp/rfc9292-ex*.json")
    assert (file.name, file.kind, file.document) == ("ohttp/rfc9292-examples.json", "bhttp.message", "rfc9292")
    assert all(vector.valid for vector in file.vectors)


def test_octets_come_from_hex():
    vector = vectors.load("ohttp/rfc9458-*.json")[0].vectors[0]
    assert vector.octets("response") == b"\x01\x40\xc8"
    assert vector.expected("info").startswith(b"message/bhttp request\0")


@pytest.mark.parametrize("pattern", ["ohttp/nothing-*.json", "*/*.toml", "schema/*.json"])
def test_a_pattern_without_files_is_an_error(pattern):
    with pytest.raises(vectors.VectorError, match="no vectors match"):
        vectors.load(pattern)


def test_vectors_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        FILES[0].vectors[0].id = "other"


def test_an_installed_package_brings_its_own_vectors(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "conformance"
    monkeypatch.setattr(vectors, "__file__", str(package / "vectors.py"))
    assert vectors.folder() == tmp_path / "site-packages" / "vectors"
    (package / "_data" / "vectors").mkdir(parents=True)
    assert vectors.folder() == package / "_data" / "vectors"


# --- Checking --------------------------------------------------------------------------------------------------------

VALID = {
    "id": "ohttp/test/valid",
    "requirements": ["doc/1/one"],
    "flags": [],
    "given": {"message": "0140c8"},
    "result": "valid",
    "expect": {"framing": 1, "informational": [], "status": 200, "fields": [], "content": "", "trailers": []},
}
INVALID = {
    "id": "ohttp/test/invalid",
    "requirements": ["doc/1/one", "doc/1/two"],
    "flags": ["draft-08"],
    "given": {"message": "0140"},
    "result": "invalid",
    "twin": "ohttp/test/valid",
    "change": "cut(message, 1)",
    "refusal": ["truncated"],
}
FILE = {
    "schema": "conformance-vectors/1",
    "protocol": "ohttp",
    "kind": "bhttp.message",
    "document": "doc",
    "section": "1",
    "source": "Doc, Section 1",
    "origin": "derived",
    "generator": "here",
    "seed": 1,
    "vectors": [VALID, INVALID],
}
ABSENT = object()


@pytest.fixture
def root(tmp_path):
    shutil.copytree(vectors.folder() / "schema", tmp_path / "schema")
    (tmp_path / "ohttp").mkdir()
    return tmp_path


def write(root, content, name="ohttp/doc-test.json"):
    (root / name).write_text(json.dumps(content))


def changed(path, value):
    """The file with one value replaced, added or, if ABSENT, removed."""
    content = copy.deepcopy(FILE)
    *parents, last = path
    target = functools.reduce(lambda part, step: part[step], parents, content)
    if value is ABSENT:
        del target[last]
    else:
        target[last] = value
    return content


def test_a_derived_file_with_an_invalid_vector_is_right(root):
    write(root, FILE)
    assert vectors.check({"doc/1/one", "doc/1/two"}, root) == []
    assert vectors.check(None, root) == []
    invalid = vectors.load(root=root)[0].vectors[1]
    assert not invalid.valid
    assert (invalid.twin, invalid.refusal, invalid.expect) == ("ohttp/test/valid", ("truncated",), {})


SHAPES = [
    (("schema",), "conformance-vectors/2", "$.schema: is not conformance-vectors/1"),
    (("origin",), "invented", "$.origin: is none of published, derived, found"),
    (("origin",), "published", "$.generator: is not allowed here"),
    (("generator",), ABSENT, "$: generator is missing"),
    (("seed",), ABSENT, "$: seed is missing"),
    (("seed",), True, "$.seed: is no integer"),
    (("seed",), "1", "$.seed: is no integer"),
    (("source",), "", "$.source: the length 0 is less than 1"),
    (("name",), "ohttp/x.json", "$: name is not a field"),
    (("vectors",), [], "$.vectors: the number of items 0 is less than 1"),
    (("vectors",), {}, "$.vectors: is no array"),
    (("vectors", 0), "x", "$.vectors[0]: is no object"),
    (("vectors", 0, "id"), "Ohttp/x", "$.vectors[0].id: does not match"),
    (("vectors", 0, "requirements"), [], "$.vectors[0].requirements: the number of items 0 is less than 1"),
    (("vectors", 0, "flags"), ["a", "b", "a"], "$.vectors[0].flags: an item is repeated"),
    (("vectors", 0, "result"), "acceptable", "$.vectors[0].result: is none of valid, invalid"),
    (("vectors", 0, "expect"), ABSENT, "$.vectors[0]: expect is missing"),
    (("vectors", 0, "twin"), "ohttp/test/other", "$.vectors[0].twin: is not allowed here"),
    (("vectors", 1, "twin"), ABSENT, "$.vectors[1]: twin is missing"),
    (("vectors", 1, "change"), ABSENT, "$.vectors[1]: change is missing"),
    (("vectors", 1, "refusal"), ABSENT, "$.vectors[1]: refusal is missing"),
    (("vectors", 1, "refusal"), [], "$.vectors[1].refusal: the number of items 0 is less than 1"),
    (("vectors", 1, "expect"), {}, "$.vectors[1].expect: is not allowed here"),
    (("vectors", 0, "given", "message"), "0140C8", "$.vectors[0].given.message: does not match"),
    (("vectors", 0, "given", "message"), "014", "$.vectors[0].given.message: does not match"),
    (("vectors", 0, "given", "other"), "", "$.vectors[0].given: other is not a field"),
    (("vectors", 1, "given", "message"), ABSENT, "$.vectors[1].given: message is missing"),
    (("vectors", 0, "expect", "framing"), 4, "$.vectors[0].expect.framing: is none of 0, 1, 2, 3"),
    (("vectors", 0, "expect", "framing"), 0, "$.vectors[0].expect: control is missing"),
    (("vectors", 0, "expect", "control"), ["GET", "https", "", "/"], "$.vectors[0].expect.control: is not allowed"),
    (("vectors", 0, "expect", "status"), 600, "$.vectors[0].expect.status: 600 is more than 599"),
    (
        ("vectors", 0, "expect", "fields"),
        [["a"]],
        "$.vectors[0].expect.fields[0]: the number of items 1 is less than 2",
    ),
    (("vectors", 0, "expect", "trailers"), [["a", "b", "c"]], "the number of items 3 is more than 2"),
]


@pytest.mark.parametrize(("path", "value", "problem"), SHAPES)
def test_each_violation_of_a_schema_is_told(root, path, value, problem):
    content = changed(path, value)
    write(root, content)
    found = vectors.check(None, root)
    assert any(line.startswith("ohttp/doc-test.json: ") and problem in line for line in found), found
    assert not satisfies(content)


def satisfies(content):
    """The other validator's opinion."""
    envelope = jsonschema.Draft202012Validator(SCHEMAS["conformance-vectors"])
    if not envelope.is_valid(content):
        return False
    kind = jsonschema.Draft202012Validator(SCHEMAS[content["kind"]])
    return all(kind.is_valid(vector) for vector in content["vectors"])


def paths(content, at=()):
    yield at
    if isinstance(content, dict | list):
        for step in content if isinstance(content, dict) else range(len(content)):
            yield from paths(content[step], (*at, step))


@settings(deadline=None)
@given(
    path=st.sampled_from([path for path in paths(FILE) if path]),
    value=st.sampled_from(
        [ABSENT, None, True, -1, 0, 1, 250, "", "x", "00", "valid", "invalid", [], ["x"], [["a", "b"]], {}]
    ),
)
def test_both_validators_agree_on_any_change(path, value):
    content = changed(path, value)
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in SCHEMAS or kind == "conformance-vectors":
        return
    kinds = {name: schema for name, schema in SCHEMAS.items() if name != "conformance-vectors"}
    found = list(vectors._shape(content, SCHEMAS["conformance-vectors"], kinds))
    assert (found == []) == satisfies(content), found


RELATIONS = [
    (("protocol",), "masque", "is not in the folder of its protocol, masque"),
    (("kind",), "bhttp.other", "$.kind: there is no schema of bhttp.other"),
    (("kind",), "conformance-vectors", "$.kind: there is no schema of conformance-vectors"),
    (("vectors", 1, "id"), "ohttp/test/valid", "ohttp/test/valid stands in ohttp/doc-test.json already"),
    (("vectors", 1, "id"), "masque/test/invalid", "masque/test/invalid does not begin with its protocol, ohttp"),
    (("vectors", 1, "twin"), "ohttp/test/none", "ohttp/test/invalid names an unknown twin, ohttp/test/none"),
    (("vectors", 1, "twin"), "ohttp/test/invalid", "has a twin that is not valid, ohttp/test/invalid"),
    (("vectors", 1, "given"), VALID["given"], "is given what its twin ohttp/test/valid is given"),
    (("vectors", 1, "requirements", 1), "doc/1/three", "names an unknown requirement, doc/1/three"),
]


@pytest.mark.parametrize(("path", "value", "problem"), RELATIONS)
def test_what_no_schema_can_say_is_told(root, path, value, problem):
    write(root, changed(path, value))
    found = vectors.check({"doc/1/one", "doc/1/two"}, root)
    assert any(problem in line for line in found), found


def test_relations_hold_across_files(root):
    write(root, {**FILE, "vectors": [VALID]})
    other = {"skR": "", "key_configuration": "", "request": "", "skE": "", "response": "", "response_nonce": ""}
    write(root, {**FILE, "kind": "ohttp.exchange", "vectors": [{**INVALID, "given": other}]}, "ohttp/doc-two.json")
    write(root, {**FILE, "vectors": [VALID]}, "ohttp/doc-three.json")
    assert vectors.check(None, root) == [
        "ohttp/doc-three.json: ohttp/test/valid stands in ohttp/doc-test.json already",
        f"ohttp/doc-two.json: {INVALID['id']} is of kind ohttp.exchange, its twin {VALID['id']} of kind bhttp.message",
    ]


@pytest.mark.parametrize("octets", [b"", b"{", b"\xff\xfe", b'{"schema": "\xff"}', b"[]", b"{}"])
def test_files_that_cannot_be_read_are_told_and_not_loaded(root, octets):
    (root / "ohttp" / "doc-test.json").write_bytes(octets)
    (problem, *_) = vectors.check(None, root)
    assert problem.startswith("ohttp/doc-test.json: ")
    with pytest.raises(vectors.VectorError, match=r"ohttp/doc-test\.json"):
        vectors.load(root=root)
