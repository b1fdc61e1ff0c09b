"""What this machine has: tool chains, and which implementations can be built, are built, or miss what."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.subjects._build import built_already, cache_folder, missing_tools
from conformance.subjects._child import Child, Limits
from conformance.subjects._manifest import Manifest

ASK = {"go": ("version",), "java": ("-version",)}
"""How a tool is asked for its version, where it is not `--version`."""

SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that builds need: where it is, and its own words on its version; both empty where it is missing."""

    name: str
    path: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """An implementation on this machine: `built`, `can be built`, or `missing` with the tools that it misses."""

    name: str
    title: str
    state: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of it, ready to be shown."""

    system: str
    python: str
    cache: Path
    tools: tuple[Tool, ...]
    implementations: tuple[State, ...]


async def diagnose(manifests: Mapping[str, Manifest], cache: Path | None = None) -> Diagnosis:
    """Look at this machine; it builds nothing and asks tools for nothing but their version."""
    place = cache or cache_folder()
    names = sorted({tool for manifest in manifests.values() for tool in manifest.needs})
    return Diagnosis(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})",
        cache=place,
        tools=tuple(await asyncio.gather(*map(_tool, names))),
        implementations=tuple(_states(manifests.values(), place)),
    )


def _states(manifests: Iterable[Manifest], cache: Path) -> Iterable[State]:
    for manifest in sorted(manifests, key=lambda one: one.name):
        missing = tuple(missing_tools(manifest))
        built = built_already(manifest, cache) is not None
        state = "built" if built else "missing" if missing else "can be built"
        yield State(manifest.name, manifest.title, state, missing)


async def _tool(name: str) -> Tool:
    path = shutil.which(name)
    if path is None:
        return Tool(name)
    output = bytearray()
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        try:
            child = await Child.start(
                [path, *ASK.get(name, ("--version",))],
                folder=Path(folder),
                environment=dict(os.environ),
                limits=Limits(),
                on_output=output.extend,
            )
        except OSError:
            return Tool(name, path)
        try:
            await child.wait(SECONDS)
        finally:
            await child.end(ask=False)
    lines = (output.decode(errors="replace") + child.evidence()).strip().splitlines()
    return Tool(name, path, lines[0].strip()[:120] if lines else "")
