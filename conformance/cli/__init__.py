"""The command line: one module per command, imported when the command is called, so that `--help` is fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from conformance import __version__

COMMANDS = {
    "run": "Test one subject: a URL, an implementation, an adapter, or our own reference.",
    "matrix": "Build and run every implementation that this machine can, and write the HTML matrix.",
    "serve": "Start a peer of ours, with a fault if wanted, to try an implementation against.",
    "show": "List or explain cases, requirements and faults, and what is proven.",
    "mutants": "Run all cases against all faults: the kill matrix.",
    "report": "Make reports of stored runs, compare them, judge them again.",
    "vectors": "Check or export the vectors.",
    "adapter": "Check an adapter, or build implementations.",
    "doctor": "What this machine can build and run, and what is missing.",
}


class Commands(click.Group):
    """Commands by name; the module of one is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which one learns them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"conformance.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name each command with its sentence, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 all that was required passed · 1 failures · 2 usage · 3 incomplete · 4 suite, adapter or "
    "environment at fault · 5 the baseline is stale · 130 interrupted.",
)
@click.version_option(__version__, prog_name="conformance")
@click.option("--config", type=click.Path(dir_okay=False), help="Configuration file instead of conformance.toml.")
@click.pass_context
def cli(ctx: click.Context, config: str | None) -> None:
    """Conformance and interoperability suite for the privacy protocols of the IETF."""
    from conformance.cli._config import defaults

    ctx.default_map = defaults(config)


def main(args: list[str] | None = None) -> Any:
    """Run the command line; every error of ours ends in one message and its exit code."""
    from conformance.model import ConformanceError

    try:
        return cli(args, prog_name="conformance", standalone_mode=True)
    except ConformanceError as why:
        click.echo(message(why), err=True)
        sys.exit(why.exit)


def message(why: Any) -> str:
    """What happened, whose fault it is, and what to do next."""
    told = {
        "usage": "usage",
        "adapter": "the adapter is at fault",
        "environment": "this machine or its environment is at fault",
        "subject": "the target is at fault",
        "suite": "the suite is at fault",
    }[why.fault]
    hint = f"\n  → {why.hint}" if why.hint else ""
    return f"conformance: {why.what} ({told}){hint}"
