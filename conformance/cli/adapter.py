"""`conformance adapter`: for those who write adapters, and for building the implementations that come with us."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from conformance.cli._common import check_roles, chosen_protocols, interruptible, near
from conformance.cli._progress import BuildProgress
from conformance.cli._target import words
from conformance.model import UsageError


@click.group("adapter")
def command() -> None:
    """Check an adapter, write a first one, or build implementations."""


@command.command("check")
@click.argument("cmd")
@click.pass_context
def check(ctx: click.Context, /, cmd: str) -> None:
    """Tell everything that is wrong with the adapter that CMD starts (quoted as one word)."""
    from conformance import subjects

    protocols = chosen_protocols(())
    roles = {r.name: r.operations for p in protocols for r in p.roles}
    servers: dict[str, dict[str, Any]] = {
        r.name: {"targets": [], "gateway": "http://127.0.0.1:9/"}
        for p in protocols
        for r in p.roles
        if r.kind == "server"
    }
    asks = {(a.op, repr(a.given)): a for p in protocols for many in p.impossible.values() for a in many}  # roles share
    subject = subjects.ProcessSubject(words(cmd), patience=5.0)
    problems = interruptible(
        lambda: subjects.check(subject, asks=[*asks.values()], roles=roles, servers=servers), "interrupted"
    )
    for problem in problems:
        click.echo(f"{problem.step}: {problem.what}" + (f"\n  → {problem.hint}" if problem.hint else ""))
    hello = subject.hello
    roles_told = ", ".join(sorted(hello.roles)) or "none"
    click.echo(f"{hello.name or cmd} {hello.version}: {len(problems)} problems; roles {roles_told}")
    ctx.exit(1 if problems else 0)


@command.command("new")
@click.argument("language")
@click.option("--role", "roles", multiple=True, metavar="R", help="With a place for each operation of this role.")
@click.option("--name", default="my-implementation", show_default=True, help="What the implementation is called.")
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Where to (else a folder of that name).")
def new(language: str, roles: tuple[str, ...], name: str, out: str | None) -> None:
    """Write a first adapter in LANGUAGE (python, go, rust, node), which passes the check and has yet to do anything."""
    from conformance.cli._scaffold import LANGUAGES, write_scaffold

    if language not in LANGUAGES:
        raise UsageError(f"there is no scaffold in {language!r}", hint=near(language, LANGUAGES))
    protocols = chosen_protocols(())
    check_roles(roles, protocols)
    known = {r.name: r for p in protocols for r in p.roles}
    folder = Path(out or name)
    operations = [op for role in roles for op in known[role].operations]
    write_scaffold(language, folder, name, roles, [*dict.fromkeys(operations)])
    how = LANGUAGES[language]
    start = how.command.format(dir=folder)
    click.echo(f"{folder}: written")
    if how.build:
        click.echo(f"build it:  {how.build.format(dir=folder)}")
    click.echo(f"check it:  conformance adapter check {shlex.quote(start)}")
    click.echo(f"run it:    conformance run --adapter {shlex.quote(start)}")
    if not roles:
        click.echo(
            "name in it the roles that it plays, with their operations; --role does that (conformance show roles)"
        )


@command.command("build")
@click.argument("names", nargs=-1)
@click.pass_context
def build(ctx: click.Context, /, names: tuple[str, ...]) -> None:
    """Build implementations by NAME, or all of them; what is built already takes no time."""
    from conformance import subjects

    manifests = subjects.find_manifests()
    chosen = [subjects.near(name, manifests) for name in names] or list(manifests.values())
    results = interruptible(lambda: subjects.build(chosen, progress=BuildProgress()), "interrupted")
    failed = False
    for name, result in results.items():
        if isinstance(result, subjects.NotBuilt):
            failed = True
            click.echo(f"{name}: {result.reason}" + (f"\n{result.detail}" if result.detail else ""))
        else:
            click.echo(f"{name}: built in {result.out}")
    ctx.exit(4 if failed else 0)
