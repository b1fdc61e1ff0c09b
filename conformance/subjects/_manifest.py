"""`implementation.toml`: what an implementation is, how it is built and how it is reached."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from conformance.bench import Hello, RoleOffer
from conformance.model import UsageError
from conformance.subjects._vocabulary import OperationName, PackageURL, RoleName

FILE = "implementation.toml"
EXPECTED = "expected.toml"

Text = Annotated[str, Meta(min_length=1)]
Words = Annotated[tuple[Text, ...], Meta(min_length=1)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]


@dataclass(frozen=True, slots=True)
class Ready:
    """How to know that a ready program serves: a status at a URL, a line on its output, or a port that accepts."""

    url: str = ""
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    line: str = ""
    port: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A program run once per question: its command, and the patterns over its output that make an answer.

    The command's words may use `{field}` for the fields of the question; named groups become the answer's fields.
    """

    command: Words
    ok: Text
    refused: str = ""
    unsupported: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a program that says nothing of itself offers in a role."""

    features: tuple[str, ...] = ()
    variants: Mapping[str, tuple[str | int | bool, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One `implementation.toml`. `folder` is where it stands; all else are its keys.

    Three kinds: an adapter (`command` alone), a ready program (`ready` and `serve`), a program run once per question
    (`operations`). Words may use `{out}` (what was built), `{target}` (cargo's shared folder, in `build` only), `{dir}`
    (the working folder of a life) and `{port}` (ready programs only). `dialect` is of those that speak something older
    than the documents: what the suite says of it, where it rightly finds nothing to test.
    """

    name: Name
    title: Text
    packages: Annotated[tuple[PackageURL, ...], Meta(min_length=1)]
    language: Text
    licence: Text
    homepage: Annotated[str, Meta(pattern="^https?://")]
    roles: Annotated[tuple[RoleName, ...], Meta(min_length=1)]
    needs: tuple[Text, ...] = ()
    build: tuple[Words, ...] = ()
    sources: tuple[Text, ...] = ()
    command: tuple[Text, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ours: tuple[Text, ...] = ()
    withheld: tuple[Text, ...] = ()
    offers: Mapping[RoleName, Offer] = field(default_factory=dict)
    config: str = ""
    ready: Ready | None = None
    serve: Mapping[str, str] = field(default_factory=dict)
    starts: Annotated[int, Meta(ge=1, le=5)] = 1
    parallel: Annotated[int, Meta(ge=1, le=64)] = 1
    dialect: str = ""
    operations: Mapping[OperationName, Question] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def kind(self) -> str:
        """`adapter`, `server` (a ready program) or `program` (run once per question)."""
        return "program" if self.operations else "server" if self.ready else "adapter"

    @property
    def expected(self) -> Path | None:
        """Its baseline, where it has one."""
        path = self.folder / EXPECTED
        return path if path.is_file() else None

    @property
    def hello(self) -> Hello:
        """What is known of it before, or without, asking it."""
        offers = {role: self.offers.get(role, Offer()) for role in self.roles}
        return Hello(
            name=self.name,
            version=self.packages[0].rpartition("@")[2],
            language=self.language,
            source=self.packages,
            roles={role: RoleOffer(offer.features, offer.variants) for role, offer in offers.items()},
            operations=tuple(self.operations),
            parallel=self.parallel,
        )


PLACES: Mapping[str, frozenset[str]] = {
    "build": frozenset({"out", "target"}),
    "adapter": frozenset({"out", "dir"}),
    "server": frozenset({"out", "dir", "port"}),
    "program": frozenset({"out", "dir"}),
}
"""Which placeholders may stand where."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with `{name}`s that are known replaced; anything else in braces stays as it is."""
    return re.sub(r"\{([a-z_][a-z0-9_]*)\}", lambda found: values.get(found[1], found[0]), template)


def placeholders(template: str) -> set[str]:
    """The names in braces."""
    return set(re.findall(r"\{([a-z_][a-z0-9_]*)\}", template))


def read_manifest(path: Path) -> Manifest:
    """One manifest, checked; UsageError names file, key and what to do. `path` is the file or its folder."""
    path = path / FILE if path.is_dir() else path
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as why:
        raise UsageError(f"{path}: cannot be read: {why.strerror}", hint=f"Each implementation has a {FILE}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise UsageError(f"{path}: is no TOML: {why}") from None
    _no_unknown(path, "", data, Manifest, {"folder"})
    for key, kind in (("ready", Ready), ("operations", Question), ("offers", Offer)):
        part = data.get(key, {})
        tables = {key: part} if key == "ready" else {f"{key}.{name}": table for name, table in _items(part)}
        for place, table in tables.items():
            if isinstance(table, dict):
                _no_unknown(path, place, table, kind)
    try:
        manifest = msgspec.convert(data, Manifest)
    except msgspec.ValidationError as why:
        what, _, where = str(why).partition(" - at `$.")
        raise UsageError(f"{path}: {where.rstrip('`') or 'manifest'}: {what}", hint=_HINT) from None
    manifest = dataclasses.replace(manifest, folder=path.parent)
    for key, what in _problems(manifest):
        raise UsageError(f"{path}: {key}: {what}", hint=_HINT)
    return manifest


_HINT = "See docs/adapter.md and the manifests that come with the suite."


def _items(part: Any) -> Iterable[tuple[str, Any]]:
    return part.items() if isinstance(part, dict) else ()


def _no_unknown(path: Path, place: str, table: Mapping[str, Any], kind: type[Any], ours: Iterable[str] = ()) -> None:
    known = sorted({one.name for one in dataclasses.fields(kind)} - set(ours))
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise UsageError(
                f"{path}: {f'{place}.' if place else ''}{key}: unknown key",
                hint=f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}.",
            )


def _problems(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """What types cannot say, as (key, what is wrong)."""
    kind = manifest.kind
    if manifest.folder.name != manifest.name:
        yield "name", f"{manifest.name} is not the name of its folder, {manifest.folder.name}"
    for package in manifest.packages:
        if "@" not in package.rpartition("/")[2]:
            yield "packages", f"{package} has no exact version"
    for role in manifest.offers:
        if role not in manifest.roles:
            yield f"offers.{role}", "is none of its roles"
    if bool(manifest.command) == (kind == "program"):
        yield "command", "is missing" if kind != "program" else "stands in each of operations"
    if kind == "server":
        ready = manifest.ready
        if ready is None or sum(map(bool, (ready.url, ready.line, ready.port))) != 1:
            yield "ready", "has exactly one of url, line and port"
        elif ready.line:
            yield from _patterns("ready.line", ready.line)
        if not manifest.serve.get("url"):
            yield "serve", "has no url"
    else:
        for key in ("config", "serve"):
            if getattr(manifest, key):
                yield key, "is for ready programs, which have ready"
        if manifest.starts != 1:
            yield "starts", "is for ready programs, which have ready"
    if manifest.config and not (manifest.folder / manifest.config).is_file():
        yield "config", f"{manifest.config} is not there"
    for source in manifest.sources:
        if not (manifest.folder / source).exists():
            yield "sources", f"{source} is not there"
    for key, words, allowed in (
        *(("build", step, PLACES["build"]) for step in manifest.build),
        ("command", manifest.command, PLACES[kind]),
        ("serve", tuple(manifest.serve.values()), PLACES[kind]),
    ):
        for unknown in sorted(set().union(*map(placeholders, words)) - allowed):
            yield key, f"{{{unknown}}} means nothing here; known are {', '.join(sorted(allowed))}"
    for op, question in manifest.operations.items():
        for pattern in ("ok", "refused", "unsupported"):
            yield from _patterns(f"operations.{op}.{pattern}", getattr(question, pattern))


def _patterns(key: str, pattern: str) -> Iterable[tuple[str, str]]:
    try:
        re.compile(pattern)
    except re.error as why:
        yield key, f"is no regular expression: {why}"


def folder() -> Path:
    """The implementations that come with the suite: inside the installed package, else those of the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_data" / "implementations"
    return installed if installed.is_dir() else package.parent / "implementations"


def find_manifests(more: Sequence[Path] = ()) -> dict[str, Manifest]:
    """All implementations by name: those of the suite, and those in the folders named; UsageError for a wrong one.

    A folder may also be that of a single implementation. Two of one name are an error, since results go by name.
    """
    found: dict[str, Manifest] = {}
    for place in (folder(), *more):
        if not place.is_dir():
            if place in more:
                raise UsageError(f"{place}: is no folder", hint="It holds one folder per implementation.")
            continue
        paths = [place / FILE] if (place / FILE).is_file() else sorted(place.glob(f"*/{FILE}"))
        for path in paths:
            manifest = read_manifest(path)
            if manifest.name in found:
                raise UsageError(f"{path}: name: {manifest.name} also stands in {found[manifest.name].folder}")
            found[manifest.name] = manifest
    return found


def near(name: str, manifests: Mapping[str, Manifest]) -> Manifest:
    """The manifest of that name; UsageError that says which there are."""
    if name in manifests:
        return manifests[name]
    likely = difflib.get_close_matches(name, list(manifests), 1)
    known = f"Known are {', '.join(sorted(manifests))}."
    raise UsageError(f"no implementation is called {name}", hint=f"Did you mean {likely[0]}?" if likely else known)
