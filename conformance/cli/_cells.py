"""The cells of `conformance matrix`: every pair (or chain) of those that are there, each a run of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cli._common import chosen_protocols
from conformance.cli._target import Chosen, reference, request_for
from conformance.model import ConformanceError

if TYPE_CHECKING:
    from conformance.engine.cells import Cell

REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class CellJob:
    """One cell to run, and where its stream goes."""

    cell: Cell
    protocols: tuple[str, ...]
    events: Path
    seed: int


def cell_jobs(protocols: Sequence[str], playing: Mapping[str, Collection[str]], out: Path, seed: int) -> list[CellJob]:
    """A job for each cell; `playing` maps the names of implementations to their roles, and our reference stands by."""
    from conformance.engine.cells import form_cells

    chosen = chosen_protocols(protocols)
    everyone = {REFERENCE: {role for p in chosen for role in p.peers()}, **playing}
    return [
        CellJob(cell, tuple(protocols), out / "cells" / cell.name.replace("/", "-") / "events.ndjson", seed)
        for cell in form_cells(chosen, everyone)
    ]


def run_cell(job: CellJob) -> tuple[CellJob, str]:
    """Run a cell, in a process of its own; gives what kept it from running, or an empty string."""
    import asyncio

    try:
        asyncio.run(_run(job))
    except ConformanceError as why:
        return job, why.what
    except KeyboardInterrupt:
        return job, "interrupted"
    except Exception as why:  # noqa: BLE001 - a bug of ours costs one cell, not the matrix
        return job, f"the suite is at fault: {type(why).__name__}: {why}"
    return job, ""


async def _run(job: CellJob) -> None:
    from conformance.engine.session import Other, run_session

    protocols = chosen_protocols(job.protocols)
    chosen = await _chosen(job.cell.subject, job.cell.role, protocols, job.seed)
    others = []
    for role, name in job.cell.others:
        other = await _chosen(name, role, protocols, job.seed + 1)
        others.append(Other(role, other.subject, name, other.title))
    values: dict[str, Any] = dict.fromkeys(
        ("http", "lanes", "rate", "patience", "listen", "reachable_as", "ca_file", "client_cert", "insecure", "owned")
    )
    values |= {"role": (job.cell.role,), "option": (), "header": (), "connect_to": (), "vantage": ()}
    request = request_for(chosen, values, protocols)
    request.seed = job.seed
    request.others = others
    request.lanes = 1
    await run_session(request, job.events)


async def _chosen(name: str, role: str, protocols: Sequence[Any], seed: int) -> Chosen:
    if name == REFERENCE:
        return reference(protocols, [role], seed)
    from conformance.subjects import NotBuilt, build, find_manifests, near, subject_of

    manifest = near(name, find_manifests())
    built = (await build([manifest]))[manifest.name]
    digest = "" if isinstance(built, NotBuilt) else built.digest
    return Chosen(
        subject_of(manifest, built), manifest.title, "implementation", digest, manifest, f"--implementation {name}"
    )
