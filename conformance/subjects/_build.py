"""Builds implementations on demand, into a cache folder keyed by the digest of manifest and shim.

A missing tool chain or a failed build is a result that reports show as exactly that; it is never an exception. A build
counts once its marker stands beside what was built, and the marker is written last.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from conformance.bench import Subject
from conformance.model import AdapterError
from conformance.subjects._child import Child, Limits, found, shown
from conformance.subjects._manifest import EXPECTED, Manifest, fill, folder
from conformance.subjects._process import ProcessSubject
from conformance.subjects._program import ProgramSubject
from conformance.subjects._server import ServerSubject
from conformance.subjects._vocabulary import Operation

IGNORED = frozenset({EXPECTED, "Cargo.lock", "target", "node_modules", "__pycache__", ".git"})
"""What is neither copied nor part of the digest: the baseline, and what builds leave behind."""

TAIL = 4096
"""Characters of a build's log that a report gets."""

Progress = Callable[[str, str, float, str], None]
"""Called with name, state (`waiting`, `building`, `built`, `cached`, `failed`), seconds and the log's last line."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a manifest's `{out}` stands for, and the digest of all that went into it."""

    out: Path
    digest: str


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why there is nothing to run: a missing tool, or a build that failed with the end of its log."""

    reason: str
    detail: str = ""


def cache_folder() -> Path:
    """Where builds are kept: `CONFORMANCE_CACHE`, the project's `.conformance/cache`, or the user's cache folder."""
    if named := os.environ.get("CONFORMANCE_CACHE"):
        return Path(named).absolute()
    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / ".conformance").is_dir() or (place / "conformance.toml").is_file():
            return place / ".conformance" / "cache"
    checkout = folder().parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".conformance" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "conformance"


def digest_of(manifest: Manifest) -> str:
    """The digest of manifest, shim and further sources; it does not depend on where they stand."""
    sha = hashlib.sha256(b"conformance-build/1")
    for name, path in sorted(_inputs(manifest)):
        content = path.read_bytes()
        sha.update(f"\0{name}\0{int(os.access(path, os.X_OK))}\0{len(content)}\0".encode() + content)
    return sha.hexdigest()


def _inputs(manifest: Manifest) -> Iterator[tuple[str, Path]]:
    """All files that a build sees, with their place below the folder of implementations."""
    root = manifest.folder.resolve().parent
    for start in (manifest.folder, *(manifest.folder / source for source in manifest.sources)):
        top = start.resolve()
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not IGNORED & set(path.relative_to(root).parts):
                yield path.relative_to(root).as_posix(), path


def missing_tools(manifest: Manifest) -> list[str]:
    """The tools that its build needs and this machine does not have."""
    return [tool for tool in manifest.needs if shutil.which(tool) is None]


def built_already(manifest: Manifest, cache: Path | None = None) -> Built | None:
    """What an earlier build of exactly this left, if there is any."""
    if not manifest.build:
        return Built(manifest.folder, digest_of(manifest))
    digest = digest_of(manifest)
    place = _place(manifest, digest, cache or cache_folder())
    return Built(place / "out", digest) if (place / _MARKER).is_file() else None


_MARKER = "built.json"


def _place(manifest: Manifest, digest: str, cache: Path) -> Path:
    return cache / "built" / f"{manifest.name}-{digest[:16]}"


async def build(
    manifests: Sequence[Manifest],
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    patience: float = 1800.0,
) -> dict[str, Built | NotBuilt]:
    """Build what is not built yet, by name. Cargo's one after another, the others side by side.

    `patience` bounds each build in seconds. Logs stand in the cache's `logs` folder, one a name.
    """
    builder = _Builder(cache or cache_folder(), progress or (lambda *_: None), patience)
    results = await asyncio.gather(*(builder.build(manifest) for manifest in manifests))
    return {manifest.name: result for manifest, result in zip(manifests, results, strict=True)}


class _Builder:
    def __init__(self, cache: Path, progress: Progress, patience: float) -> None:
        self.cache = cache
        self.progress = progress
        self.patience = patience
        self.cargo = asyncio.Semaphore(1)
        self.others = asyncio.Semaphore(max(2, os.cpu_count() or 1))

    async def build(self, manifest: Manifest) -> Built | NotBuilt:
        """One build; never raises for what the implementation or the machine is at fault for."""
        begun = time.monotonic()
        name = manifest.name
        line = ""

        def tell(state: str, text: str = "") -> None:
            nonlocal line
            line = text or line
            self.progress(name, state, time.monotonic() - begun, line)

        result: Built | NotBuilt | None
        try:
            if result := built_already(manifest, self.cache):
                tell("cached")
                return result
            if missing := missing_tools(manifest):
                result = NotBuilt(f"missing tool: {', '.join(missing)}", f"{name} needs {', '.join(manifest.needs)}.")
            else:
                tell("waiting")
                async with self.cargo if "cargo" in manifest.needs else self.others:
                    begun = time.monotonic()
                    async with _only_one(self.cache / "locks" / name, self.patience):
                        result = built_already(manifest, self.cache) or await self._build(manifest, tell)
        except (OSError, ValueError) as why:  # a full disk, a source outside the folder
            result = NotBuilt("build failed", str(why))
        tell("built" if isinstance(result, Built) else "failed", result.reason if isinstance(result, NotBuilt) else "")
        return result

    async def _build(self, manifest: Manifest, tell: Callable[[str, str], None]) -> Built | NotBuilt:
        digest = digest_of(manifest)
        place = _place(manifest, digest, self.cache)
        target = self.cache / "cargo-target"
        out = place / "out"
        if place.exists():  # half finished: what has no marker does not count
            shutil.rmtree(place)
        for path in (out, target, self.cache / "logs", self.cache / "work"):
            path.mkdir(parents=True, exist_ok=True)
        log = self.cache / "logs" / f"{manifest.name}.log"
        begun = time.monotonic()
        work = Path(tempfile.mkdtemp(prefix=f"{manifest.name}-", dir=self.cache / "work"))
        try:
            for name, path in _inputs(manifest):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, work / name)
            log.write_bytes(b"")
            values = {"out": str(out), "target": str(target)}
            for step in manifest.build:
                command = [fill(word, values) for word in step]
                left = self.patience - (time.monotonic() - begun)
                ended = await _run(command, work / manifest.folder.resolve().name, target, log, tell, left)
                if ended:
                    shutil.rmtree(place, ignore_errors=True)
                    text = log.read_bytes()[-TAIL:].decode(errors="replace")
                    return NotBuilt("build failed", f"{shown(step)}: {ended}\n{text}".rstrip())
        finally:
            shutil.rmtree(work, ignore_errors=True)
        half = place / f".{_MARKER}"
        half.write_bytes(msgspec.json.encode({"digest": digest, "seconds": round(time.monotonic() - begun, 1)}))
        half.replace(place / _MARKER)
        return Built(out, digest)


async def _run(
    command: list[str], cwd: Path, target: Path, log: Path, tell: Callable[[str, str], None], seconds: float
) -> str:
    """Run one step in the user's own environment, which tool chains need; how it failed, or an empty string."""
    environment = dict(os.environ) | {"CARGO_TARGET_DIR": str(target), "CI": "1", "NO_COLOR": "1"}
    if "/" in command[0]:
        command[0] = str(cwd / command[0])
    if not found(command[0], environment):
        return f"there is no {command[0]}"
    last = b""

    def collect(data: bytes) -> None:
        nonlocal last
        stream.write(data)
        lines = (last + data).split(b"\n")
        last = lines[-1][-1024:]
        if whole := [line for line in lines[:-1] if line.strip()]:
            tell("building", whole[-1][-200:].decode(errors="replace").strip())

    with log.open("ab", buffering=0) as stream:
        stream.write(f"$ {shown(command)}\n".encode())
        tell("building", shown(command))
        child = await Child.start(
            ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", *command],
            folder=cwd,
            environment=environment,
            limits=Limits(),
            on_output=collect,
        )
        try:
            over = await child.wait(max(0.0, seconds))
        finally:
            await child.end(ask=False)
    if not over:
        return "took too long"
    return "" if child.death is not None and child.death.status == 0 else str(child.death)


@asynccontextmanager
async def _only_one(path: Path, patience: float) -> AsyncIterator[None]:
    """Hold a lock among processes, so that two runs do not build the same at once; OSError when it takes too long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with path.open("wb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError(f"another build of {path.name} goes on") from None
                await asyncio.sleep(0.2)
        yield


def subject_of(
    manifest: Manifest,
    built: Built | NotBuilt,
    *,
    patience: float = 10.0,
    starting: float = 30.0,
    limits: Limits | None = None,
    options: Mapping[str, object] | None = None,
    operations: Mapping[str, Operation] | None = None,
) -> Subject:
    """The subject that a manifest describes; AdapterError when it could not be built."""
    if isinstance(built, NotBuilt):
        raise AdapterError(f"{manifest.name}: {built.reason}", step="build", hint=built.detail)
    values = {"out": str(built.out)}
    if manifest.kind == "program":
        return ProgramSubject(
            manifest.operations,
            manifest.hello,
            values=values,
            env=_filled(manifest.environment, values),
            patience=patience,
            limits=limits,
        )
    if manifest.ready is not None:
        config = None
        if manifest.config:
            template = (manifest.folder / manifest.config).read_text(encoding="utf-8")
            config = (Path(manifest.config).name, template)
        return ServerSubject(
            manifest.command,
            ready=manifest.ready,
            serve=manifest.serve,
            hello=manifest.hello,
            config=config,
            starts=manifest.starts,
            values=values,
            env=_filled(manifest.environment, values),
            starting=starting,
            limits=limits,
        )
    return ProcessSubject(
        [fill(word, values) for word in manifest.command],
        env=_filled(manifest.environment, values),
        name=manifest.name,
        patience=patience,
        starting=starting,
        limits=limits,
        options={**manifest.options, **(options or {})},
        operations=operations,
    )


def _filled(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {key: fill(text, values) for key, text in texts.items()}
