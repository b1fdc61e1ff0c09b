"""The command line: one module per command, imported when the command is called, so that `--help` is fast."""

from __future__ import annotations

import importlib
import os
import sys
from typing import IO, Any, NoReturn

import click

from conformance import __version__

COMMANDS = {
    "run": "Test one subject: a URL, an implementation, an adapter, or our own reference.",
    "matrix": "Build and run every implementation that this machine can, and write the HTML matrix.",
    "fuzz": "Draw changes and sequences that no case has, and keep what they find.",
    "serve": "Start a peer of ours, with a fault if wanted, to try an implementation against.",
    "show": "List or explain cases, requirements and faults, and what is proven.",
    "mutants": "Run all cases against all faults: the kill matrix.",
    "report": "Make reports of stored runs, compare them, judge them again.",
    "vectors": "Check or export the vectors, or add a finding of the fuzzer.",
    "adapter": "Check an adapter, or build implementations.",
    "doctor": "What this machine can build and run, and what is missing.",
}

USAGE, ENVIRONMENT, INTERRUPTED = 2, 4, 130
"""Exit codes that the command line itself gives (design, section 4)."""


class Told(click.ClickException):
    """An error of ours on its way to the user: one message, and its own exit code."""

    def __init__(self, why: Any) -> None:
        super().__init__(message(why))
        self.exit_code = why.exit  # type: ignore[misc]  # click itself declares one for the whole class

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, on standard error."""
        click.echo(self.message, file=file, err=file is None)


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; every error of ours ends in one message and its exit code."""
        from conformance.model import ConformanceError

        try:
            return super().invoke(ctx)
        except ConformanceError as why:
            raise Told(why) from why
        except BaseExceptionGroup as group:
            ours = _first(group.subgroup(ConformanceError))
            if ours is None:
                raise
            raise Told(ours) from group
        except BrokenPipeError:  # whoever read our output has seen enough; click would end with 1, which means failures
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
            ctx.exit(ENVIRONMENT)


def _first(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


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


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and end the process, with no exit code that the design does not name."""
    try:
        code = cli.main(args, prog_name="conformance", standalone_mode=False)
    except click.Abort:
        click.echo("conformance: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Told as why:
        why.show()
        sys.exit(why.exit_code)
    except click.ClickException as why:
        why.show()
        sys.exit(USAGE)
    except Exception:  # noqa: BLE001 - a bug of ours must not look like a failure of the subject, which is exit 1
        import traceback

        traceback.print_exc()
        click.echo("conformance: the suite is at fault: please report what stands above", err=True)
        sys.exit(ENVIRONMENT)
    sys.exit(code if isinstance(code, int) else 0)


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
