"""`conformance show`: what the suite knows: cases, requirements, faults, documents, and what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from conformance.cli._common import chosen_protocols, near, write_document
from conformance.cli._faults import visibility
from conformance.model import Case, Requirement, UsageError, Watch

if TYPE_CHECKING:
    from conformance.bench import Fault, Protocol, Role
    from conformance.engine.catalogue import Catalogue

KINDS = ("cases", "requirements", "faults", "roles", "documents")


@click.command("show")
@click.argument("what", default="cases")
@click.option("--protocol", multiple=True, metavar="P", help="Only this protocol.")
@click.option("--coverage", is_flag=True, help="Requirements by role: how many cases decide each, or why none can.")
@click.option("--json", "json_file", type=click.Path(), metavar="FILE", help="As JSON (- is standard output).")
def command(what: str, protocol: tuple[str, ...], coverage: bool, json_file: str | None) -> None:
    """List WHAT (cases, requirements, faults, roles, documents), or explain the ids that match a name or glob."""
    from conformance.engine.catalogue import load_cases, load_catalogue

    protocols = chosen_protocols(protocol)
    catalogue = load_catalogue(protocols)
    cases = {c.id: c for p in protocols for c in load_cases(p)}
    faults = [f for p in protocols for f in p.faults()]
    if coverage:
        rows = list(_coverage(protocols, catalogue, cases.values()))
        _out(rows, json_file, (_coverage_line(r) for r in rows))
    elif what in KINDS:
        listed = _listed(what, protocols, catalogue, cases, faults)
        _out([d for d, _ in listed], json_file, (line for _, line in listed))
    else:
        found = [*_explained(what, catalogue, cases, faults)]
        if not found:
            known = {*KINDS, *cases, *catalogue.requirements, *(f.name for f in faults)}
            hint = near(what, known, f"list {', '.join(KINDS)}, or give an id or a glob")
            raise UsageError(f"nothing is called {what!r}", hint=hint)
        _out([d for d, _ in found], json_file, (f"{text}\n" for _, text in found))


def _out(data: Any, json_file: str | None, lines: Iterable[str]) -> None:
    if json_file is None:
        for line in lines:
            click.echo(line)
        return
    import msgspec

    encoded = msgspec.json.format(msgspec.json.encode(data), indent=1)
    write_document(json_file, encoded + b"\n", "the list")


def _listed(
    what: str,
    protocols: Sequence[Protocol],
    catalogue: Catalogue,
    cases: Mapping[str, Case | Watch],
    faults: Sequence[Fault],
) -> list[tuple[Any, str]]:
    from conformance.engine.stream import planned

    match what:
        case "cases":
            return [(planned(c), f"{c.id}  {_first_line(c.doc)}") for c in cases.values()]
        case "requirements":
            return [(r, f"{r.id}  {r.level}  {r.text}") for r in catalogue.requirements.values()]
        case "faults":
            found = [(f, visibility(f, cases.values(), catalogue.requirements)) for f in faults]
            return [
                (_fault(f) | {"seen": seen}, f"{f.role}  {f.name}  {_first_line(f.doc)}{f'  [{seen}]' if seen else ''}")
                for f, seen in found
            ]
        case "roles":
            roles = [r for p in protocols for r in p.roles]
            return [({"name": r.name, "title": r.title, "kind": r.kind}, f"{r.name}  {r.title}") for r in roles]
        case _:
            documents = catalogue.documents.values()
            return [(d, f"{d.id}  {d.title} ({d.revision}){'' if d.gate else ', not gating'}") for d in documents]


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name, "role": fault.role, "doc": fault.doc, "breaks": list(fault.breaks), "origin": fault.origin,
    }  # fmt: skip


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _explained(
    pattern: str, catalogue: Catalogue, cases: Mapping[str, Case | Watch], faults: Sequence[Fault]
) -> Iterable[tuple[Any, str]]:
    from conformance.engine.stream import planned

    for case in cases.values():
        if fnmatchcase(case.id, pattern):
            yield planned(case), _case(case, catalogue)
    for row in catalogue.requirements.values():
        if fnmatchcase(row.id, pattern) or row.key == pattern:
            yield row, _requirement(row, cases.values())
    for fault in faults:
        if fnmatchcase(fault.name, pattern):
            breaks = "\n".join(f"  breaks {b}" for b in fault.breaks)
            origin = f"\n  known from {fault.origin}" if fault.origin else ""
            seen = visibility(fault, cases.values(), catalogue.requirements)
            where = f"\n  is seen {seen}" if seen else ""
            text = f"{fault.name} ({fault.role})\n  {fault.doc}\n{breaks}{where}{origin}"
            yield _fault(fault) | {"seen": seen}, text


def _case(case: Case | Watch, catalogue: Catalogue) -> str:
    from conformance.engine.stream import planned

    lines = [case.id, *(f"  {line}" for line in case.doc.splitlines())]
    for requirement in case.decides:
        row = catalogue.requirements.get(requirement)
        told = f"{row.level}: {row.text}" if row else "not in the catalogue"
        lines.append(f"  decides {requirement} ({told})")
    if isinstance(case, Case):
        expect = planned(case).expect
        lines.append(f"  right is {expect or 'what its own judge says'}")
        if case.each:
            lines.append(f"  attempts: {', '.join(case.each)}")
        elif not case.scripted:
            lines += [f"  sends {change}" for _, changes in case.attempts() for change in changes]
        if case.needs or case.exchange.needs:
            lines.append(f"  needs {', '.join(sorted(case.needs | case.exchange.needs))}")
    else:
        lines.append(f"  watches every part of every case of {case.role}")
    return "\n".join(lines)


def _requirement(row: Requirement, cases: Iterable[Case | Watch]) -> str:
    deciding = [c.id for c in cases if row.id in c.decides]
    lines = [f"{row.id} ({row.key})", f"  {row.level}, section {row.section}: {row.text}"]
    lines += [f"  decided by {name}" for name in deciding]
    if not deciding:
        lines.append(f"  decided by no case{f': {row.unseen}' if row.unseen else ''}")
    return "\n".join(lines)


def _coverage(
    protocols: Sequence[Protocol], catalogue: Catalogue, cases: Iterable[Case | Watch]
) -> Iterable[dict[str, Any]]:
    from conformance.engine.catalogue import binds

    cases = list(cases)
    for protocol in protocols:
        for role in protocol.roles:
            for row in catalogue.requirements.values():
                if binds(role, row):
                    yield _covered(role, row, cases)


def _covered(role: Role, row: Requirement, cases: Sequence[Case | Watch]) -> dict[str, Any]:
    deciding = [c.id for c in cases if c.role == role.name and row.id in c.decides]
    return {"role": role.name, "requirement": row.id, "level": row.level, "cases": deciding, "unseen": row.unseen}


def _coverage_line(row: Mapping[str, Any]) -> str:
    told = f"{len(row['cases'])} cases" if row["cases"] else row["unseen"] or "NO CASE YET"
    return f"{row['role']}  {row['level']:<10}  {row['requirement']}  {told}"
