import json

import jsonschema
import pytest

from conformance.model import AdapterError
from conformance.subjects import octets
from conformance.subjects._vocabulary import (
    ANSWERS,
    SCHEMAS,
    Misread,
    decode_answer,
    encode_question,
    hello_of,
    reply_of,
    schema_texts,
    served_of,
)

GOOD = [
    {"id": 1, "ok": {}},
    {"id": 1, "ok": {"message": "00ff", "n": 1}},
    {"id": 1, "refused": {"class": "truncated", "detail": "x", "more": 1}},
    {"id": 1, "unsupported": {"reason": "no", "issue": "https://example.com/1"}},
    {"id": 1, "error": {"detail": "x"}},
]
BAD = [
    [],
    {},
    {"id": 1},
    {"ok": {}},
    {"id": "1", "ok": {}},
    {"id": -1, "ok": {}},
    {"id": True, "ok": {}},
    {"id": 1.5, "ok": {}},
    {"id": 1, "ok": None},
    {"id": 1, "ok": []},
    {"id": 1, "refused": {}},
    {"id": 1, "refused": {"class": 1}},
    {"id": 1, "unsupported": {}},
    {"id": 1, "error": {}},
    {"id": 1, "ok": {}, "error": {"detail": "x"}},
    {"id": 1, "ok": {}, "did": "x"},
    {"id": 1, "died": {}},
]


@pytest.fixture(scope="module")
def schema():
    return {name.split(".")[0]: json.loads(text) for name, text in schema_texts().items()}


def test_the_schema_files_are_current():
    assert {path.name: path.read_text() for path in SCHEMAS.glob("*.json")} == schema_texts()


@pytest.mark.parametrize("answer", GOOD)
def test_right_answers_are_read_as_the_schema_reads_them(schema, answer):
    jsonschema.Draft202012Validator(schema["answer"]).validate(answer)
    number, reply = decode_answer(json.dumps(answer).encode())
    assert number == 1
    (key,) = set(answer) & set(ANSWERS)
    assert set(reply) == {key}


@pytest.mark.parametrize("answer", BAD)
def test_wrong_answers_are_refused_as_the_schema_refuses_them(schema, answer):
    assert not jsonschema.Draft202012Validator(schema["answer"]).is_valid(answer)
    with pytest.raises(Misread) as caught:
        decode_answer(json.dumps(answer).encode())
    number = answer.get("id") if isinstance(answer, dict) else None
    assert caught.value.id == (number if type(number) is int else None)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("op", "given", "valid"),
    [
        ("hello", {"protocol": 1}, True),
        ("ping", {}, True),
        ("bhttp.decode", {"message": "00"}, True),
        ("masque.client.connect-udp", {}, True),
        ("serve", {"role": "ohttp.gateway", "options": {}}, True),
        ("serve", {"role": 1}, False),
        ("hello", {}, False),
        ("Bhttp decode", {}, False),
    ],
)
def test_questions_keep_their_schema(schema, op, given, valid):
    question = {"id": 3, "do": op, "with": given}
    assert jsonschema.Draft202012Validator(schema["question"]).is_valid(question) == valid
    if valid:
        line = encode_question(3, op, given)
        assert (line.endswith(b"\n"), line.count(b"\n"), json.loads(line)) == (True, 1, question)


def test_a_name_that_is_no_operation_is_never_sent():
    with pytest.raises(ValueError, match=r"regex"):
        encode_question(1, "two words", {})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "missing"),
        ({"m": "0F"}, "lower-case"),
        ({"m": "0"}, "lower-case"),
        ({"m": 1}, "lower-case"),
        ({"m": "00\n"}, "low"),
    ],
)
def test_octets_are_lower_case_hex(fields, says):
    assert octets({"m": "0f"}, "m") == b"\x0f"
    with pytest.raises(AdapterError, match=says):
        octets(fields, "m")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"protocol": 3}, "protocol 3"),
        ({"roles": {"Gateway": {}}}, "regex"),
        ({"roles": {"a.b": {"features": "chunked"}}}, "features"),
        ({"source": ["ohttp 0.8"]}, "regex"),
        ({"parallel": 0}, "parallel"),
        ({"name": ""}, "name"),
    ],
)
def test_hello_is_checked_field_by_field(change, says):
    hello = {"protocol": 1, "name": "x", "roles": {"a.b": {}}}
    assert hello_of(hello).parallel == 1
    with pytest.raises(ValueError, match=says):
        hello_of(hello | change)


def test_a_served_role_has_a_url_and_more():
    assert served_of({"url": "http://127.0.0.1:1/", "keys": "k"}).more == {"keys": "k"}
    with pytest.raises(ValueError, match="url"):
        served_of({"url": "127.0.0.1:1"})


def test_replies_of_objects_are_checked_as_lines_are():
    assert reply_of({"ok": {"a": 1}}, "it", "op") == {"ok": {"a": 1}}
    with pytest.raises(AdapterError, match="unknown field `died`"):
        reply_of({"died": {}}, "it", "op")
