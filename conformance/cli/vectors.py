"""`conformance vectors`: the vectors are a product of their own."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import click

from conformance.cli._common import chosen_protocols
from conformance.model import EnvironmentProblem


@click.group("vectors")
def command() -> None:
    """Check or export the vectors."""


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
