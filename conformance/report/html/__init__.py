"""The HTML report: one self-contained file that works from disk, offline."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from conformance.engine.stream import Run
from conformance.report._words import EXITS, SIGNS, AbsentRun, citation, printable
from conformance.report.cells import is_cell, tables
from conformance.report.html._evidence import BUDGET, Evidence
from conformance.report.html._pages import Pages


def render(runs: Sequence[Run], absent: Sequence[AbsentRun] = (), *, full: bool = False, budget: int = BUDGET) -> bytes:
    """One file for all runs; what could not be run stands beside them.

    Only cases that did not simply pass carry what was sent and came back, unless `full`. Evidence stops at `budget`
    octets before compression, the gravest cases first; the cases left out say so. It stands in a block for each run,
    which is unpacked when the first of its cases is opened.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    alone = [run for run in runs if not is_cell(run)]
    evidence: list[Evidence] = []
    for place, run in enumerate(alone):
        used = sum(e.used for e in evidence)
        evidence.append(Evidence(run, full=full, budget=(budget - used) // (len(alone) - place)))
    pages = Pages(alone, absent, tables(runs))
    templates = files("conformance.report") / "templates"
    style = (templates / "style.css").read_text("utf-8")
    script = (templates / "report.js").read_text("utf-8")
    environment = Environment(
        loader=PackageLoader("conformance.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cite"] = citation
    page = environment.get_template("report.html").render(
        pages=pages,
        absent=absent,
        exits=EXITS,
        signs=SIGNS,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=_packed(pages.data(evidence)),
        evidence=[_packed(own.packed()) for own in evidence],
    )
    return page.encode("utf-8", "replace") + b"\n"


def report(runs: Sequence[Run], absent: Sequence[AbsentRun], options: Mapping[str, Any]) -> bytes:
    """The registered form of `render`; `full` in the options gives every case its evidence."""
    return render(runs, absent, full=bool(options.get("full")))


def _safe(value: object) -> object:
    """What a template shows: the text of strangers without control characters, markup of ours as it is."""
    return printable(value) if type(value) is str else value


def _policy(style: str, script: str) -> str:
    """A content policy under which nothing but our own style and script works, and nothing is fetched."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _packed(data: bytes) -> str:
    """Data for the script: compressed, and in letters that cannot end the element they stand in."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


__all__ = ["AbsentRun", "render", "report"]
