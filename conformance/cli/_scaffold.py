"""A first adapter in the user's language: it passes `adapter check`, and has a place for each operation of a role."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from conformance.model import EnvironmentProblem, UsageError

SUFFIX = ".tmpl"


@dataclass(frozen=True, slots=True)
class Language:
    """How a scaffold is started and built, and how its table names an operation that is to be written."""

    entry: str
    command: str
    build: str = ""


LANGUAGES: Mapping[str, Language] = {
    "python": Language('    "{op}": not_yet,\n', "python3 {dir}/adapter.py"),
    "node": Language('  "{op}": notYet,\n', "node {dir}/adapter.mjs"),
    "go": Language('\t"{op}": notYet,\n', "{dir}/adapter", "cd {dir} && go build -o adapter ."),
    "rust": Language(
        '        "{op}" => not_yet(given),\n',
        "{dir}/target/release/adapter",
        "cargo build --release --manifest-path {dir}/Cargo.toml",
    ),
}


def write_scaffold(language: str, folder: Path, name: str, roles: Sequence[str], operations: Sequence[str]) -> None:
    """Write a scaffold into a folder that is new or empty.

    UsageError when something is there already or the name is none, EnvironmentProblem when it cannot be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UsageError(f"{name!r} is no name for an implementation", hint="letters, digits, dots and dashes")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", hint="--out DIR chooses another folder")
    values = {
        "@NAME@": name,
        "@ROLES@": json.dumps({role: {} for role in roles}),
        "@OPERATIONS@": json.dumps(list(operations)),
        "@TABLE@": "".join(LANGUAGES[language].entry.format(op=op) for op in operations),
    }
    try:
        _copy(files("conformance.cli") / "scaffolds" / language, folder, values)
    except OSError as why:
        raise EnvironmentProblem(f"{folder} cannot be written: {why.strerror or why}") from why


def _copy(source: Traversable, target: Path, values: Mapping[str, str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name, values)
            continue
        text = entry.read_text("utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        (target / entry.name.removesuffix(SUFFIX)).write_text(text, "utf-8")
