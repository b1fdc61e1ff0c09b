"""The configuration file: `conformance.toml`, or `[tool.conformance]` in `pyproject.toml`.

A table for each command, its keys the command's options: unknown ones are errors.

    [run]
    target = "https://gateway.example/"
    http = "1,2"
    option = ["keys=keys.bin"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from conformance.model import UsageError


def defaults(config: str | None) -> dict[str, Any]:
    """Defaults for the options of each command. UsageError for what no command knows."""
    path, table = _read(config)
    if table is None:
        return {}
    from conformance.cli import COMMANDS, cli

    for name, values in table.items():
        if name not in COMMANDS or not isinstance(values, dict):
            raise UsageError(f"{path}: unknown key {name!r}", hint=f"tables are {', '.join(COMMANDS)}")
        command = cli.get_command(None, name)  # type: ignore[arg-type]  # the context is not looked at
        known = {o.lstrip("-").replace("-", "_") for p in (command.params if command else ()) for o in p.opts}
        for key in values:
            if key.replace("-", "_") not in known:
                raise UsageError(f"{path}: [{name}] has an unknown key {key!r}", hint=f"see conformance {name} --help")
    return {name: _named(cli, name, values) for name, values in table.items()}


def _named(cli: Any, name: str, values: dict[str, Any]) -> dict[str, Any]:
    command = cli.get_command(None, name)
    names = {o.lstrip("-").replace("-", "_"): p.name for p in command.params for o in p.opts}
    return {names[key.replace("-", "_")]: value for key, value in values.items()}


def _read(config: str | None) -> tuple[Path, dict[str, Any] | None]:
    for path in [Path(config)] if config else [Path("conformance.toml"), Path("pyproject.toml")]:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if config:
                raise UsageError(f"the configuration {path} does not exist") from None
            continue
        except (OSError, UnicodeDecodeError) as why:
            raise UsageError(f"the configuration {path} cannot be read: {why}") from why
        except tomllib.TOMLDecodeError as why:
            if path.name == "pyproject.toml" and not config:
                continue
            raise UsageError(f"the configuration {path} is no TOML: {why}") from why
        if path.name == "pyproject.toml":
            found = table.get("tool", {}).get("conformance")
            if found is None:
                continue
            return path, found
        return path, table
    return Path(), None
