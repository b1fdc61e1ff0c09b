"""What the generators of derived vectors have in common, whatever the protocol.

Everything but `confirmed` is made anew each time; that is kept as long as what a vector is given stays what it is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from conformance.model import Change
from conformance.wire import Message

Vector = dict[str, Any]
File = dict[str, Any]
Answer = Mapping[str, Any]
"""An adapter's reply to a question; empty where it died of it."""
Ask = Callable[[Mapping[str, Any]], Answer]
"""What asks somebody about the `given` of a vector."""

CONFIRMED = (
    "Every invalid vector is refused by the suite's strict decoder. Where confirmed names implementations, they refuse "
    "it too; where it names none, the comment says why that is so."
)


def slug(text: str) -> str:
    """A label as a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def octets_of(recipe: Message, changes: Sequence[Change], told: str) -> bytes:
    """The octets of an invalid vector; ValueError where a change found no place."""
    built = recipe.build(list(changes))
    if len(built.applied) < len(changes):
        raise ValueError(f"{told}: a change was not applied")
    return built.octets


def file_of(
    kind: str,
    document: str,
    section: str,
    source: str,
    vectors: Sequence[Vector],
    *,
    protocol: str,
    seed: int = 0,
    notes: str = CONFIRMED,
) -> File:
    """A file of derived vectors, as the schema of all files has it."""
    head = {
        "schema": "conformance-vectors/1",
        "protocol": protocol,
        "kind": kind,
        "document": document,
        "section": section,
        "source": source,
        "origin": "derived",
        "generator": f"python -m conformance.protocols.{protocol}.vectors",
        "seed": seed,
    }
    return head | ({"notes": notes} if notes else {}) | {"vectors": list(vectors)}


def text(content: Mapping[str, Any]) -> str:
    """A file as it is committed."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path, content: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files."""
    folder.mkdir(exist_ok=True)
    for name, file in content.items():
        (folder / name).write_text(text(file), encoding="utf-8")


def kept(file: File, path: Path, why: Callable[[Vector], str]) -> File:
    """The file with what implementations said so far of its invalid vectors, and `why` nobody refuses the others."""
    known = {v["id"]: v for v in msgspec.json.decode(path.read_bytes())["vectors"]} if path.is_file() else {}
    for vector in file["vectors"]:
        if vector["result"] == "valid":
            continue
        before = known.get(vector["id"], {})
        confirmed = before.get("confirmed", []) if before.get("given") == vector["given"] else []
        if confirmed:
            vector["confirmed"] = confirmed
        elif reason := why(vector):
            vector["comment"] = reason
    return file


class Adapter:
    """An adapter's process, started again when it dies."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._number = 0

    def ask(self, do: str, given: Mapping[str, Any]) -> Answer:
        """One question; an empty answer where the adapter died of it."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        question = json.dumps({"id": self._number, "do": do, "with": dict(given)})
        try:
            self._process.stdin.write(question.encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            self._process.wait(10)
            return {}
        said: Answer = json.loads(line)
        return said

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(10)


Question = Callable[[Adapter, Mapping[str, Any]], Answer]
"""What asks an adapter about the `given` of vectors of one kind."""


def asking(op: str) -> Question:
    """The question that is an operation, which takes what the vectors are given."""
    return lambda adapter, given: adapter.ask(op, given)


def confirm(file: File, purl: str, ask: Ask) -> tuple[int, int]:
    """Write down which invalid vectors somebody refuses; how many valid ones it takes, and how many it refuses.

    A refusal says something only where the twin is taken.
    """
    taken = {v["id"] for v in file["vectors"] if v["result"] == "valid" and "ok" in ask(v["given"])}
    refused = 0
    for vector in file["vectors"]:
        if vector["result"] == "valid":
            continue
        others = [other for other in vector.pop("confirmed", ()) if other != purl]
        if vector["twin"] in taken and "refused" in ask(vector["given"]):
            others.append(purl)
            refused += 1
        if others:
            vector["confirmed"] = sorted(others)
    return len(taken), refused


def generate(
    arguments: Sequence[str],
    folder: Path,
    files: Callable[[Path], dict[str, File]],
    questions: Mapping[str, Question],
) -> int:
    """Write a protocol's files; with `--confirm KIND PURL COMMAND…` ask that adapter before, about kinds of a glob.

    `questions` are what an adapter can be asked of each kind; gives the exit code.
    """
    content = files(folder)
    if arguments[:1] == ["--confirm"]:
        kind, purl, adapter = arguments[1], arguments[2], Adapter(arguments[3:])
        for name, file in content.items():
            if fnmatchcase(file["kind"], kind) and (question := questions.get(file["kind"])) is not None:
                tell(name, purl, confirm(file, purl, partial(question, adapter)))
        adapter.close()
        write(folder, content)
        content = files(folder)
    write(folder, content)
    return 0


def tell(name: str, purl: str, counted: tuple[int, int]) -> None:
    """Say what came of a confirmation."""
    sys.stderr.write(f"{name}: {purl} takes {counted[0]} valid vectors and refuses {counted[1]} invalid ones\n")
