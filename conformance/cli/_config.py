"""The configuration file: `conformance.toml`, or `[tool.conformance]` in `pyproject.toml`.

A table for each command, its keys the command's options: unknown ones are errors, and so are values of a wrong type.

    [run]
    target = "https://gateway.example/"
    http = "1,2"
    option = ["keys=keys.bin"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from conformance.cli._common import near
from conformance.model import UsageError


def defaults(config: str | None) -> dict[str, Any]:
    """Defaults for the options of each command. UsageError for what no command knows."""
    path, table = _read(config)
    if table is None:
        return {}
    from conformance.cli import COMMANDS, cli

    found: dict[str, Any] = {}
    for name, values in table.items():
        if name not in COMMANDS:
            raise UsageError(f"{path}: there is no command {name!r}", hint=near(name, COMMANDS))
        if not isinstance(values, dict):
            raise UsageError(f"{path}: {name} must be a table", hint=f"write [{name}] and a key for each option")
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        options = {o.lstrip("-").replace("-", "_"): p for p in command.params for o in p.opts if o.startswith("--")}
        found[name] = {}
        for key, value in values.items():
            option = options.get(key.replace("-", "_"))
            if option is None or option.name is None:
                known = [o.replace("_", "-") for o in options]
                hint = near(key, known, f"see conformance {name} --help")
                raise UsageError(f"{path}: [{name}] has an unknown key {key!r}", hint=hint)
            found[name][option.name] = _value(option, value, f"{path}: [{name}] {key}")
    return found


def _value(option: click.Parameter, value: Any, place: str) -> Any:
    if option.multiple:
        values = value if isinstance(value, list) else [value]
        return [_one(option, v, place) for v in values]
    return _one(option, value, place)


def _one(option: click.Parameter, value: Any, place: str) -> Any:
    wanted: tuple[type, ...]
    if isinstance(option, click.Option) and option.is_flag:
        wanted, told = (bool,), "true or false"
    elif isinstance(option.type, click.types.IntParamType):
        wanted, told = (int,), "a whole number"
    elif isinstance(option.type, click.types.FloatParamType):
        wanted, told = (int, float), "a number"
    else:
        wanted, told = (str,), "text"
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise UsageError(f"{place} is {value!r}, {told} is wanted")
    return value


def _read(config: str | None) -> tuple[Path, dict[str, Any] | None]:
    for path in [Path(config)] if config else [Path("conformance.toml"), Path("pyproject.toml")]:
        ours = path.name != "pyproject.toml"
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if config:
                raise UsageError(f"the configuration {path} does not exist") from None
            continue
        except (OSError, UnicodeDecodeError) as why:
            raise UsageError(f"the configuration {path} cannot be read: {why}") from why
        except tomllib.TOMLDecodeError as why:
            if not ours and not config:
                continue  # somebody else's file, whose owner has other tools to be told by
            raise UsageError(f"the configuration {path} is no TOML: {why}") from why
        if ours:
            return path, table
        tools = table.get("tool")
        found = tools.get("conformance") if isinstance(tools, dict) else None
        if found is None:
            if config:
                raise UsageError(f"the configuration {path} has no [tool.conformance]")
            continue
        if not isinstance(found, dict):
            raise UsageError(f"{path}: tool.conformance must be a table")
        return path, found
    return Path(), None
