"""The messages of the adapter protocol (`docs/adapter.md`), as types that are checked in both directions.

The same types give the JSON Schemas in `schema/`, so that guide, schema and check cannot drift apart. What an operation
carries is its protocol's: it may hand its types over as `Operation`s, and answers are then checked against them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from conformance.bench import Hello, Reply, RoleOffer, Served
from conformance.model import AdapterError

PROTOCOL = 1
SCHEMAS = Path(__file__).with_name("schema")
STEPS = ("hello", "ping", "reset", "serve", "stop", "bye")
"""Operations that every adapter knows; all others are a protocol's."""

ANSWERS = ("ok", "refused", "unsupported", "error")
"""The four keys of which an answer has exactly one."""

Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$", description="octets as lower-case hex")]
OperationName = Annotated[str, Meta(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
RoleName = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$")]
PackageURL = Annotated[str, Meta(pattern=r"^pkg:[a-z]+/.+", description="a package as a purl with its exact version")]
Id = Annotated[int, Meta(ge=0)]

_LOWER_HEX = re.compile("([0-9a-f]{2})*")


@dataclass(frozen=True, slots=True)
class Operation:
    """The types of an operation's `with` and of its `ok`, as msgspec can check them (`Hex` for octets)."""

    given: Any
    ok: Any


class AnsweredError(AdapterError):
    """The adapter kept the contract and answered `error`: it says itself that it broke."""


class Question(Struct, forbid_unknown_fields=True, frozen=True):
    """What we ask: one object a line."""

    id: Id
    do: OperationName
    given: dict[str, Any] = msgspec.field(name="with", default_factory=dict)


class Refused(Struct, frozen=True):
    """The implementation rejected the input: often the right answer. No case reads either field."""

    name: str = msgspec.field(name="class")
    detail: str = ""


class Unsupported(Struct, frozen=True, omit_defaults=True):
    """The implementation does not have this."""

    reason: str
    issue: str = ""


class Broke(Struct, frozen=True):
    """The adapter itself broke."""

    detail: str


class OkAnswer(Struct, forbid_unknown_fields=True, frozen=True):
    """It was done; the fields depend on the operation."""

    id: Id
    ok: dict[str, Any]


class RefusedAnswer(Struct, forbid_unknown_fields=True, frozen=True):
    """The implementation rejected the input."""

    id: Id
    refused: Refused


class UnsupportedAnswer(Struct, forbid_unknown_fields=True, frozen=True):
    """The implementation does not have this."""

    id: Id
    unsupported: Unsupported


class ErrorAnswer(Struct, forbid_unknown_fields=True, frozen=True):
    """The adapter itself broke."""

    id: Id
    error: Broke


class _Answer(Struct, forbid_unknown_fields=True, frozen=True):
    """The four answers in one, decoded in one pass; that exactly one key is there is counted afterwards."""

    id: Id
    ok: dict[str, Any] | UnsetType = UNSET
    refused: Refused | UnsetType = UNSET
    unsupported: Unsupported | UnsetType = UNSET
    error: Broke | UnsetType = UNSET


class RoleMessage(Struct, frozen=True):
    """A role that an adapter can play, with its optional features and its values on the axes of variants."""

    features: list[str] = msgspec.field(default_factory=list)
    variants: dict[str, list[str | int | bool]] = msgspec.field(default_factory=dict)


class HelloGiven(Struct, frozen=True):
    """The question `hello`."""

    protocol: int


class HelloOk(Struct, frozen=True):
    """What an adapter says of itself and of its implementation."""

    protocol: int
    name: Annotated[str, Meta(min_length=1)]
    roles: Annotated[dict[RoleName, RoleMessage], Meta(min_length=1)]
    version: str = ""
    language: str = ""
    source: list[PackageURL] = msgspec.field(default_factory=list)
    operations: list[OperationName] = msgspec.field(default_factory=list)
    parallel: Annotated[int, Meta(ge=1, le=1024)] = 1
    controls: list[str] = msgspec.field(default_factory=list)


class ServeGiven(Struct, frozen=True):
    """The question `serve`: start a server role on loopback."""

    role: RoleName
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class ServeOk(Struct, frozen=True):
    """Where it is reached; a role adds what it needs (`keys`, …)."""

    url: Annotated[str, Meta(pattern="^[a-z][a-z0-9+.-]*://")]


class Nothing(Struct, frozen=True):
    """No fields."""


LIFE: Mapping[str, Operation] = {
    "hello": Operation(HelloGiven, HelloOk),
    "ping": Operation(Nothing, Nothing),
    "reset": Operation(Nothing, Nothing),
    "serve": Operation(ServeGiven, ServeOk),
    "stop": Operation(Nothing, Nothing),
    "bye": Operation(Nothing, Nothing),
}

_answer = msgspec.json.Decoder(_Answer)
_any = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Misread(Exception):
    """A line that is no answer: whose it is, where that can be read, and what is wrong with it."""

    id: int | None
    what: str
    hint: str


def encode_question(number: int, op: str, given: Mapping[str, Any]) -> bytes:
    """One line; msgspec.ValidationError or TypeError when it is no question, which is our fault."""
    return _encoder.encode(msgspec.convert({"id": number, "do": op, "with": dict(given)}, Question)) + b"\n"


def decode_answer(line: bytes) -> tuple[int, dict[str, Any]]:
    """The id and the reply (exactly one key) of a line; Misread when it is none."""
    try:
        answer = _answer.decode(line)
    except msgspec.ValidationError as why:
        raise _misread(line, str(why)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise Misread(
            None,
            f"wrote to standard output what is no JSON: {_excerpt(line)}" if line.strip() else "wrote an empty line",
            "Standard output belongs to the protocol; write everything else to standard error.",
        ) from None
    keys = [key for key in ANSWERS if getattr(answer, key) is not UNSET]
    if len(keys) != 1:
        said = f"answered with {' and '.join(keys)} at once" if keys else "answered with none of the four keys"
        raise Misread(answer.id, said, f"An answer has exactly one of {', '.join(ANSWERS)}.")
    value = getattr(answer, keys[0])
    return answer.id, {keys[0]: value if isinstance(value, dict) else msgspec.to_builtins(value)}


def _misread(line: bytes, why: str) -> Misread:
    try:
        value = _any.decode(line)
    except (msgspec.DecodeError, RecursionError):  # pragma: no cover  # the strict decoder came further
        value = None
    number = value.get("id") if isinstance(value, dict) else None
    hint = f"An answer is an object with id and exactly one of {', '.join(ANSWERS)}."
    return Misread(
        number if isinstance(number, int) and not isinstance(number, bool) else None,
        f"wrote an answer that is none ({why}): {_excerpt(line)}",
        hint,
    )


def _excerpt(line: bytes) -> str:
    text = line[:120].decode(errors="replace").rstrip("\r\n")
    return repr(text if len(line) <= 120 else text + "…")


def check_ok(op: str, ok: Mapping[str, Any], operations: Mapping[str, Operation]) -> str:
    """What is wrong with the content of `ok`, or an empty string; operations without types are not looked at."""
    operation = operations.get(op) or LIFE.get(op)
    if operation is None:
        return ""
    try:
        msgspec.convert(ok, operation.ok)
    except msgspec.ValidationError as why:
        return str(why)
    return ""


def hello_of(ok: Mapping[str, Any]) -> Hello:
    """What the subject says of itself; ValueError with what is wrong."""
    try:
        message = msgspec.convert(ok, HelloOk)
    except msgspec.ValidationError as why:
        raise ValueError(str(why)) from None
    if message.protocol != PROTOCOL:
        raise ValueError(f"speaks protocol {message.protocol}, not {PROTOCOL}")
    roles = {
        name: RoleOffer(tuple(role.features), {axis: tuple(values) for axis, values in role.variants.items()})
        for name, role in message.roles.items()
    }
    return Hello(
        name=message.name,
        version=message.version,
        language=message.language,
        source=tuple(message.source),
        roles=roles,
        operations=tuple(message.operations),
        parallel=message.parallel,
        controls=tuple(message.controls),
        protocol=message.protocol,
    )


def served_of(ok: Mapping[str, Any]) -> Served:
    """Where a role is reached; ValueError with what is wrong."""
    if wrong := check_ok("serve", ok, {}):
        raise ValueError(wrong)
    return Served(ok["url"], {key: value for key, value in ok.items() if key != "url"})


def reply_of(answer: Any, who: str, op: str) -> Reply:
    """A reply of an in-process object, checked as a line is; AdapterError when it is none."""
    if not isinstance(answer, Mapping):
        raise AdapterError(f"{who}: {op} returned {type(answer).__name__}, not a mapping", step=op)
    try:
        _, reply = decode_answer(_encoder.encode({"id": 0, **answer}))
    except Misread as why:
        raise AdapterError(f"{who}: {op} {why.what}", step=op, hint=why.hint) from None
    except (TypeError, ValueError, OverflowError) as why:
        raise AdapterError(f"{who}: {op} returned what JSON cannot hold: {why}", step=op) from None
    return told(reply, who, op)


def told(reply: Mapping[str, Any], who: str, op: str) -> Reply:
    """The reply, unless the adapter says `error`: then AnsweredError."""
    if "error" in reply:
        raise AnsweredError(
            f"{who}: answered error to {op}: {reply['error']['detail']}",
            step=op,
            hint="The adapter says itself that it broke; see its standard error.",
        )
    return reply


def octets(fields: Mapping[str, Any], name: str) -> bytes:
    """Octets out of the content of an answer; AdapterError unless they are there, as lower-case hex."""
    value = fields.get(name)
    if not isinstance(value, str) or not _LOWER_HEX.fullmatch(value):
        raise AdapterError(
            f"{name} is {'missing' if value is None else 'no lower-case hex'}",
            step="answer",
            hint="See docs/adapter.md.",
        )
    return bytes.fromhex(value)


def schemas(operations: Mapping[str, Operation] | None = None) -> dict[str, dict[str, Any]]:
    """The JSON Schemas of both directions: `question` and `answer`."""
    known = {**LIFE, **(operations or {})}
    return {
        "question": _schema("A question to an adapter: one line on its standard input.", [Question], known, "given"),
        "answer": _schema(
            "An answer of an adapter: one line on its standard output.",
            [OkAnswer, RefusedAnswer, UnsupportedAnswer, ErrorAnswer],
            known,
            "ok",
        ),
    }


def _schema(title: str, one_of: Sequence[Any], operations: Mapping[str, Operation], side: str) -> dict[str, Any]:
    contents = {name: getattr(operation, side) for name, operation in operations.items()}
    refs, parts = msgspec.json.schema_components([*one_of, *contents.values()], ref_template="#/$defs/{name}")
    whole: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "oneOf": list(refs[: len(one_of)]),
        "$defs": dict(parts),
    }
    content = dict(zip(contents, refs[len(one_of) :], strict=True))
    if side == "given":
        whole["allOf"] = [
            {"if": {"properties": {"do": {"const": name}}}, "then": {"properties": {"with": ref}}}
            for name, ref in content.items()
        ]
    else:
        whole["$comment"] = "The content of ok depends on the operation: $defs/by-operation."
        whole["$defs"]["by-operation"] = {"properties": content}
    return whole


def schema_texts() -> dict[str, str]:
    """The schema files as they stand in `schema/`, by file name."""
    return {
        f"{name}.schema.json": msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2).decode()
        + "\n"
        for name, schema in schemas().items()
    }


def write_schemas() -> None:
    """Bring the files in `schema/` up to date."""
    for name, text in schema_texts().items():
        (SCHEMAS / name).write_text(text)


if __name__ == "__main__":
    write_schemas()
