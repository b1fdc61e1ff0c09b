"""`conformance mutants`: the kill matrix."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click

from conformance.cli._common import check_roles, chosen_protocols, near, say, write_document
from conformance.model import UsageError

if TYPE_CHECKING:
    from conformance.engine.mutants import KillMatrix, Seen


@click.command("mutants")
@click.option("--protocol", multiple=True, metavar="P", help="Only this protocol.")
@click.option("--role", multiple=True, metavar="R", help="Only this role.")
@click.option("--fault", multiple=True, metavar="NAME", help="Only this fault.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes side by side.")
@click.option("--kills", is_flag=True, help="List every kill, not only the holes.")
@click.option("--json", "json_file", type=click.Path(), metavar="FILE", help="As JSON (- is standard output).")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    protocol: tuple[str, ...],
    role: tuple[str, ...],
    fault: tuple[str, ...],
    workers: int,
    kills: bool,
    json_file: str | None,
) -> None:
    """Run all cases against all faults. Exit 1 when there is a hole, such as an unproven case."""
    from conformance.engine.mutants import run_mutants

    protocols = chosen_protocols(protocol)
    check_roles(role, protocols)
    faults = {f.name for p in protocols for f in p.faults()}
    for name in fault:
        if name not in faults:
            raise UsageError(
                f"there is no fault {name!r}", hint=near(name, faults, "conformance show faults lists them")
            )
    whole = True
    data: dict[str, Any] = {}
    for one in protocols:
        if not one.faults():
            continue
        counted = Counted(sum(1 for f in one.faults() if not role or f.role in role))
        matrix = run_mutants(one, workers=workers, roles=role, names=fault, progress=counted)
        if fault or role:
            matrix.unproven = [] if fault else matrix.unproven
        whole = whole and matrix.whole
        data[one.name] = matrix
        _show(one.name, matrix, kills=kills)
    if json_file:
        import msgspec

        encoded = msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"
        write_document(json_file, encoded, "the kill matrix")
    ctx.exit(0 if whole else 1)


class Counted:
    """A line now and then while mutants run."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def __call__(self, seen: Seen) -> None:
        """Count one."""
        self.done += bool(seen.fault)
        if sys.stderr.isatty():
            click.echo(f"\r{self.done} of {self.total} faults", nl=False, err=True)
        elif self.done % 25 == 0 and seen.fault:
            say(f"{self.done} of {self.total} faults")


def _show(name: str, matrix: KillMatrix, *, kills: bool) -> None:
    by_fault = defaultdict(set)
    for kill in matrix.kills:
        by_fault[kill.fault].add(kill.case)
    if kills:
        for fault, cases in sorted(by_fault.items()):
            click.echo(f"{fault}: killed by {', '.join(sorted(cases))}")
    for case, shown, reason in matrix.reference:
        click.echo(f"REFERENCE  {case}: {shown}: {reason}")
    for case in matrix.unproven:
        click.echo(f"UNPROVEN   {case}: no fault turns it red")
    for fault in matrix.surviving:
        click.echo(f"SURVIVING  {fault}: no case sees it")
    for case, fault, because in matrix.unrelated:
        click.echo(f"UNRELATED  {case} is killed by {fault}, which breaks nothing of its own: {because}")
    for case, reason in matrix.excused.items():
        click.echo(f"excused    {case}: {reason}")
    proven = len({k.case for k in matrix.kills})
    click.echo(
        f"{name}: {proven} of {len(matrix.cases)} cases proven, {len(by_fault)} of {len(matrix.faults)} faults killed, "
        f"{len(matrix.kills)} kills; {len(matrix.excused)} cases excused with a reason"
    )
