"""docs/adapter.md and the schemas of operations hold what the suite really asks, and what its references answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from conformance.bench import SERVER
from conformance.engine.catalogue import load_cases, protocols
from conformance.engine.mutants import subject_for
from conformance.engine.stream import read_run
from conformance.model import Case

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "adapter.md").read_text(encoding="utf-8")
OURS = {name: protocol for name, protocol in protocols().items() if protocol.package.startswith("conformance.")}
SCHEMAS = {
    name: json.loads((ROOT / "conformance/protocols" / name / "operations.schema.json").read_text(encoding="utf-8"))
    for name in OURS
}
ROLES = [(protocol, role) for protocol in OURS.values() for role in protocol.roles]
OPERATIONS = [(protocol.name, role.name, op) for protocol, role in ROLES for op in role.operations]
NOT_OF_ADAPTERS = {"alone", "bulk", "destructive", "slow", "target", "vantages"} | {
    "suites", "foreign-kem", "capsules", "datagrams"
}  # fmt: skip
"""Needs that a run itself meets, and those about which probes find out."""
SERVED = [(protocol, role.name) for protocol, role in ROLES if role.kind == SERVER]


def checker(protocol, *where):
    """What checks a value against a place in the schema of a protocol."""
    schema = SCHEMAS[protocol]
    reference = "#/$defs/" + "/".join(where)
    return jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": reference})


@pytest.mark.parametrize(("protocol", "role", "op"), OPERATIONS)
def test_every_operation_has_a_row_and_a_schema(protocol, role, op):
    rows = [line for line in GUIDE.splitlines() if line.startswith(f"| `{op}` |")]
    assert rows, f"docs/adapter.md has no row for {op}"
    given = SCHEMAS[protocol]["$defs"]["by-operation"][op]["with"].get("properties", {})
    told = set(re.findall(r"`([a-z_]+)`", rows[0]))
    assert set(given) <= told, f"the row of {op} does not tell all that it is asked with"


@pytest.mark.parametrize("role", [role.name for _, role in ROLES])
def test_every_role_is_told_of_with_its_operations(role):
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{role}` | "))
    wanted = next(r.operations for _, r in ROLES if r.name == role) or ("serve",)
    assert re.findall(r"`([a-z.-]+)`", row.split("|")[3]) == list(wanted)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_feature_that_a_case_needs_is_told_of(name):
    for case in (c for c in load_cases(OURS[name]) if isinstance(c, Case)):
        row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{case.role}` | "))
        told = set(re.findall(r"`([a-z-]+)`", row.split("|")[5]))
        assert (case.needs | case.exchange.needs) - NOT_OF_ADAPTERS - told == set(), case.id


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(("protocol", "role"), SERVED, ids=[role for _, role in SERVED])
async def test_what_a_served_reference_answers_fits(protocol, role):
    subject = subject_for(protocol.peers()[role])
    options = {"targets": ["http://127.0.0.1:9"], "gateway": "http://127.0.0.1:9/"} | protocol.told(role)
    await subject.start()
    try:
        served = await subject.serve(role, options)
    finally:
        await subject.stop()
    checker(protocol.name, "by-role", role, "ok").validate({"url": served.url, **served.more})
    checker(protocol.name, "by-role", role, "options").validate(options)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_asked_and_answered_fits(name, tmp_path):
    roles = {role.name for role in OURS[name].roles if role.operations}
    first = {}
    for case in load_cases(OURS[name]):
        if isinstance(case, Case) and case.role in roles:
            first.setdefault((case.role, case.exchange.name), case.id)
    words = [sys.executable, "-m", "conformance", "run", "--reference", "--out", str(tmp_path), "--patience", "10"]
    chosen = [f"--include={case}" for case in first.values()] + [f"--role={role}" for role in roles]
    done = subprocess.run([*words, *chosen], capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    run = read_run(tmp_path / "events.ndjson")
    answered = set()
    for number in run.places:
        for event in run.part(number).events:
            if event.what == "asked":
                check = checker(name, "by-operation", event.name, "with")
                check.validate(event.value)
                assert set(event.value) <= set(check.schema["$defs"]["by-operation"][event.name]["with"]["properties"])
            elif event.what == "reply" and "ok" in event.value:
                checker(name, "by-operation", event.name, "ok").validate(event.value["ok"])
                answered.add(event.name)
    assert answered == {op for protocol, _, op in OPERATIONS if protocol == name}
