"""All figures side by side in one run: `python bench/run.py [--write] [--repeat N] [MODULE …]`.

They are measured, and never tested: a figure depends on the machine, so each stands beside its peer of the same run.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import measure
from measure import Figure, Measured, number

MODULES = ("engine", "startup", "gateway", "roles", "h2spec", "overhead", "memory")
PAGE = measure.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin (bench/run.py --write) -->", "<!-- figures: end -->"
HEAD = ("figure", "median", "unit", "least - greatest", "n", "asked", "method")


def row(figure: Figure) -> tuple[str, ...]:
    """One line of the table."""
    asked = {None: "", True: f"{figure.asked}: met", False: f"{figure.asked}: missed"}[figure.met]
    values = (figure.name, number(figure.median), figure.unit, figure.spread, str(len(figure.values)))
    return (*values, asked, figure.how)


def plain(figures: Sequence[Figure]) -> str:
    """The table for a terminal, without the method."""
    rows = [HEAD[:-1], *(row(f)[:-1] for f in figures)]
    widths = [max(len(r[column]) for r in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows)


def markdown(measured: Measured, origin: Sequence[str], repetitions: int) -> str:
    """The figures with their method, for the documentation."""
    rows = [HEAD, ("---",) * len(HEAD), *(row(f) for f in measured.figures)]
    lines = [
        f"Measured by `bench/run.py` with {repetitions} repetitions: {'; '.join(origin)}.",
        "",
        *(f"| {' | '.join(cells)} |" for cells in rows),
        "",
        *(f"Not measured: {missing}." for missing in measured.missing),
    ]
    return "\n".join(lines).strip()


def write(text: str, page: Path = PAGE) -> None:
    """Put the figures between their markers, and leave the rest of the page as it is."""
    old = page.read_text(encoding="utf-8") if page.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, found, rest = old.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise SystemExit(f"{page.name} has no markers: {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="Measure the suite, beside its peers.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; else all")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="how often (5)")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.modules) - set(MODULES))
    if unknown or chosen.repeat < 1:
        parser.error(f"no module is called {', '.join(unknown)}" if unknown else "--repeat is at least 1")
    origin = measure.machine()
    measured = Measured()
    for name in chosen.modules or MODULES:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        one: Measured = importlib.import_module(name).measure(chosen.repeat)
        measured.figures += one.figures
        measured.missing += one.missing
    print("\n".join(origin))
    print(plain(measured.figures))
    for missing in measured.missing:
        print(f"not measured: {missing}")
    if chosen.write:
        write(markdown(measured, origin, chosen.repeat))


if __name__ == "__main__":
    main(sys.argv[1:])
