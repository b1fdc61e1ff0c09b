"""The test vectors under `vectors/`: reading them, and telling what is wrong with them.

A vector is octets with a known answer: valid with what comes out, or invalid with the valid twin that it was made from,
the one change, and the classes of refusal that fit. Files are described by JSON Schemas in `vectors/schema/`: one for
the envelope, one for each kind. The schemas are the only place where fields are listed; `check` reads the few keywords
that they use, so that neither checking nor reading needs a library for them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

# --- Reading ---------------------------------------------------------------------------------------------------------


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)  # the latter where a string is no UTF-8


class VectorError(Exception):
    """A vector file cannot be read, or a pattern names none."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector: `given` goes in, and comes out as `expect` (valid) or is refused (invalid)."""

    id: str
    given: dict[str, Any]  # octets are lower-case hex; the kind's schema lists the fields
    result: Literal["valid", "invalid"]
    requirements: tuple[str, ...]
    comment: str = ""
    flags: tuple[str, ...] = ()
    expect: dict[str, Any] = field(default_factory=dict)  # of a valid vector
    twin: str = ""  # of an invalid one: the id of the valid vector
    change: str = ""  # of an invalid one: the one difference from the twin
    refusal: tuple[str, ...] = ()  # of an invalid one: the classes that fit
    confirmed: tuple[str, ...] = ()  # of an invalid one: the implementations that refuse it

    @property
    def valid(self) -> bool:
        """Whether the vector is to be accepted."""
        return self.result == "valid"

    def octets(self, name: str) -> bytes:
        """The octets of that field of `given`."""
        return bytes.fromhex(self.given[name])

    def expected(self, name: str) -> bytes:
        """The octets of that field of `expect`."""
        return bytes.fromhex(self.expect[name])


@dataclass(frozen=True, slots=True)
class VectorFile:
    """One file of vectors of one kind and origin."""

    schema: Literal["conformance-vectors/1"]
    protocol: str
    kind: str
    document: str
    section: str
    source: str
    origin: Literal["published", "derived", "found"]
    vectors: tuple[Vector, ...]
    notes: str = ""
    generator: str = ""  # of derived vectors
    seed: int | None = None  # of derived vectors
    name: str = ""  # the path in the folder of vectors: `ohttp/rfc9458-example.json`


def folder() -> Path:
    """The folder of vectors: inside the installed package, else that of the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / "vectors"
    return installed if installed.is_dir() else package.parent / "vectors"


def load(pattern: str = "*/*.json", root: Path | None = None) -> list[VectorFile]:
    """The vector files whose path in the folder matches, by name; VectorError if none does or one cannot be read."""
    root = folder() if root is None else root
    files = [_read(root, path) for path in _paths(root, pattern)]
    if not files:
        raise VectorError(f"no vectors match {pattern}")
    return files


def _paths(root: Path, pattern: str = "*/*.json") -> list[Path]:
    return sorted(path for path in root.glob(pattern) if path.suffix == ".json" and path.parent != root / "schema")


def _read(root: Path, path: Path) -> VectorFile:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=VectorFile)
    except _UNREADABLE as error:
        raise VectorError(f"{path.relative_to(root).as_posix()}: {error}") from error
    return dataclasses.replace(file, name=path.relative_to(root).as_posix())


# --- Checking --------------------------------------------------------------------------------------------------------


def check(requirements: Collection[str] | None = None, root: Path | None = None) -> list[str]:
    """What is wrong with the vectors, a line each, beginning with the file; `requirements` are the catalogue's ids."""
    root = folder() if root is None else root
    kinds = {path.name.removesuffix(".schema.json"): _json(path) for path in (root / "schema").glob("*.schema.json")}
    envelope = kinds.pop("conformance-vectors")
    problems: list[str] = []
    files: list[VectorFile] = []
    for path in _paths(root):
        name = path.relative_to(root).as_posix()
        try:
            found = list(_shape(_json(path), envelope, kinds))
        except _UNREADABLE as error:
            found = [str(error)]
        problems += (f"{name}: {problem}" for problem in found)
        if not found:
            files.append(_read(root, path))
    return [*problems, *_relations(files, requirements)]


def _json(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def _shape(content: Any, envelope: dict[str, Any], kinds: dict[str, Any]) -> Iterator[str]:
    """The violations of the schemas by one file."""
    violations = list(_violations(content, envelope, envelope, "$"))
    yield from violations
    if violations:
        return
    kind = kinds.get(content["kind"])
    if kind is None:
        yield f"$.kind: there is no schema of {content['kind']}"
        return
    for number, vector in enumerate(content["vectors"]):
        yield from _violations(vector, kind, kind, f"$.vectors[{number}]")


def _relations(files: list[VectorFile], requirements: Collection[str] | None) -> Iterator[str]:
    """What no schema can say: places, ids that are unique, twins and requirements that exist."""
    known: dict[str, tuple[VectorFile, Vector]] = {}
    for file in files:
        if file.name.partition("/")[0] != file.protocol:
            yield f"{file.name}: is not in the folder of its protocol, {file.protocol}"
        for vector in file.vectors:
            if vector.id in known:
                yield f"{file.name}: {vector.id} stands in {known[vector.id][0].name} already"
            known.setdefault(vector.id, (file, vector))
            if vector.id.partition("/")[0] != file.protocol:
                yield f"{file.name}: {vector.id} does not begin with its protocol, {file.protocol}"
            if requirements is not None:
                unknown = [requirement for requirement in vector.requirements if requirement not in requirements]
                yield from (f"{file.name}: {vector.id} names an unknown requirement, {each}" for each in unknown)
    for file, vector in known.values():
        if not vector.valid:
            yield from (f"{file.name}: {vector.id} {problem}" for problem in _twin(file, vector, known))


def _twin(file: VectorFile, vector: Vector, known: dict[str, tuple[VectorFile, Vector]]) -> Iterator[str]:
    if vector.twin not in known:
        yield f"names an unknown twin, {vector.twin}"
        return
    twin_file, twin = known[vector.twin]
    if not twin.valid:
        yield f"has a twin that is not valid, {twin.id}"
    if twin_file.kind != file.kind:
        yield f"is of kind {file.kind}, its twin {twin.id} of kind {twin_file.kind}"
    if twin.given == vector.given:
        yield f"is given what its twin {twin.id} is given"


# --- JSON Schema, as far as our schemas go ---------------------------------------------------------------------------

_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int}


def _violations(value: Any, schema: Any, root: dict[str, Any], at: str) -> Iterator[str]:
    """Where the value violates the schema: of JSON Schema 2020-12 the keywords named here, references into `$defs`."""
    if schema is False:
        yield f"{at}: is not allowed here"
        return
    if "$ref" in schema:
        yield from _violations(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    expected = schema.get("type")
    if expected is not None and (not isinstance(value, _TYPES[expected]) or isinstance(value, bool)):
        yield f"{at}: is no {expected}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: is none of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from _text(value, schema, at)
    elif isinstance(value, int):
        yield from _bounds(value, schema.get("minimum"), schema.get("maximum"), f"{at}:")
    elif isinstance(value, list):
        yield from _bounds(len(value), schema.get("minItems"), schema.get("maxItems"), f"{at}: the number of items")
        if schema.get("uniqueItems") and any(item in value[:number] for number, item in enumerate(value)):
            yield f"{at}: an item is repeated"
        for number, item in enumerate(value):
            yield from _violations(item, schema.get("items", {}), root, f"{at}[{number}]")
    elif isinstance(value, dict):
        yield from _members(value, schema, root, at)
    for part in schema.get("allOf", ()):
        yield from _violations(value, part, root, at)
    if "if" in schema:
        branch = "else" if any(_violations(value, schema["if"], root, at)) else "then"
        yield from _violations(value, schema.get(branch, {}), root, at)


def _text(value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
    yield from _bounds(len(value), schema.get("minLength"), None, f"{at}: the length")
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield f"{at}: does not match {schema['pattern']}"


def _bounds(value: int, least: int | None, most: int | None, what: str) -> Iterator[str]:
    if least is not None and value < least:
        yield f"{what} {value} is less than {least}"
    if most is not None and value > most:
        yield f"{what} {value} is more than {most}"


def _members(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    if schema.get("additionalProperties") is False:
        yield from (f"{at}: {name} is not a field" for name in value if name not in properties)
    for name, member in value.items():
        if name in properties:
            yield from _violations(member, properties[name], root, f"{at}.{name}")
