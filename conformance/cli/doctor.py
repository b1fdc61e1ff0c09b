"""`conformance doctor`: what this machine can build and run."""

from __future__ import annotations

import click

from conformance import __version__


@click.command("doctor")
def command() -> None:
    """Say what this machine can build and run, and what is missing."""
    import asyncio

    from conformance import subjects
    from conformance.engine.catalogue import protocols

    diagnosis = asyncio.run(subjects.diagnose(subjects.find_manifests()))
    click.echo(f"conformance {__version__} on Python {diagnosis.python}, {diagnosis.system}")
    click.echo(f"protocols: {', '.join(sorted(protocols()))}")
    click.echo(f"builds are kept in {diagnosis.cache}")
    for tool in diagnosis.tools:
        click.echo(f"  {tool.name:<10} {tool.version or 'present' if tool.path else 'missing'}")
    for state in diagnosis.implementations:
        missing = f": {', '.join(state.missing)}" if state.missing else ""
        click.echo(f"  {state.name:<22} {state.state}{missing}  ({state.title})")
