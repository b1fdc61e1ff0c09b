"""`conformance vectors`: the vectors are a product of their own."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from pathlib import Path

import click

from conformance.cli._common import chosen_protocols
from conformance.model import EnvironmentProblem


@click.group("vectors")
def command() -> None:
    """Check or export the vectors, or add a finding."""


@command.command("check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check every vector file against its schema, its ids, twins and requirements."""
    from conformance import vectors
    from conformance.engine.catalogue import load_catalogue

    known = load_catalogue(chosen_protocols(())).requirements
    problems = vectors.check(known)
    for problem in problems:
        click.echo(problem)
    files = vectors.load()
    counted = Counter((f.origin, v.result) for f in files for v in f.vectors)
    told = ", ".join(f"{n} {origin} {result}" for (origin, result), n in sorted(counted.items()))
    click.echo(f"{len(files)} files: {told}; {len(problems)} problems")
    ctx.exit(1 if problems else 0)


@command.command("add")
@click.argument("finding", type=click.Path(exists=True, dir_okay=False))
@click.option("--to", "folder", type=click.Path(file_okay=False), metavar="DIR", help="Another folder of vectors.")
@click.option(
    "--requirement", multiple=True, metavar="ID", help="What it is about, in place of what the fuzzer thought."
)
def add(finding: str, folder: str | None, requirement: tuple[str, ...]) -> None:
    """Make vectors of a finding of `conformance fuzz`: what it sent, and its twin."""
    import msgspec

    from conformance import vectors
    from conformance.fuzz import read_finding, vector_of

    found = read_finding(Path(finding))
    made = vector_of(dataclasses.replace(found, requirements=requirement or found.requirements))
    root = Path(folder) if folder else vectors.folder()
    place = root / made["protocol"] / f"found-{made['vectors'][0]['given']['role']}.json"
    try:
        if place.exists():
            known = msgspec.json.decode(place.read_bytes())
            fresh = {v["id"] for v in made["vectors"]}
            made["vectors"] = [*(v for v in known["vectors"] if v["id"] not in fresh), *made["vectors"]]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    except OSError as why:
        raise EnvironmentProblem(f"the vectors {place} cannot be written: {why.strerror or why}") from why
    click.echo(f"{place}: {len(made['vectors'])} vectors")


@command.command("export")
@click.argument("folder", type=click.Path(file_okay=False))
def export(folder: str) -> None:
    """Copy the vectors and their schemas to FOLDER."""
    from conformance import vectors

    try:
        shutil.copytree(vectors.folder(), Path(folder), dirs_exist_ok=True)
    except (OSError, shutil.Error) as why:
        raise EnvironmentProblem(f"the vectors cannot be written to {folder}: {why}") from why
    click.echo(f"{sum(1 for _ in Path(folder).rglob('*.json'))} files in {folder}")
