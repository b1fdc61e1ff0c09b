"""Vectors of texts: Capsule-Protocol, templates and targets (RFC 9297, Section 3.4; RFC 9298, Sections 2 and 3)."""

from __future__ import annotations

from typing import Any

from conformance.protocols.masque.vectors._file import Making

TYPE, PARAMETERS = "rfc9297/3.4/capsule-protocol-wrong-type-ignored", "rfc9297/3.4/unknown-parameters-ignored"
BOOLEAN, FALSE = "rfc9297/3.4/capsule-protocol-is-boolean-item", "rfc9297/3.4/capsule-protocol-false-is-absent"
EXPANDS, INVALID = "rfc9298/3/client-expands-template", "rfc9298/2/invalid-template-refused"
PORT, GRAMMAR = "rfc9298/3/target-port-1-to-65535", "rfc9298/3/target-variables-follow-uri-grammar"
ONCE, ZONE = "rfc9298/3.1/variables-percent-decoded-once", "rfc9298/3/zone-identifiers-refused"
EMPTY, IPV6 = "rfc9298/3/empty-target-variable-refused", "rfc9298/3/ipv6-colons-percent-encoded"


def capsule_protocol() -> dict[str, Any]:
    """What the lines of Capsule-Protocol come to: used, not used, or as if there were none."""
    making = Making("masque/capsule-protocol", "masque.capsule-protocol")
    table: list[tuple[str, list[str], str]] = [
        ("true", ["?1"], BOOLEAN), ("false", ["?0"], FALSE), ("with a parameter", ["?1;a=1"], PARAMETERS),
        ("with a bare parameter", ["?1;b"], PARAMETERS), ("with parameters", ["?1;a=1;b;c=?0"], PARAMETERS),
        ("integer", ["1"], TYPE), ("string", ['"?1"'], TYPE), ("token", ["yes"], TYPE), ("list", ["?1, ?1"], TYPE),
        ("two lines", ["?1", "?1"], TYPE), ("two lines that differ", ["?1", "?0"], TYPE), ("empty", [""], TYPE),
        ("no such boolean", ["?2"], TYPE), ("byte sequence", [":AQ==:"], TYPE), ("decimal", ["1.0"], TYPE),
        ("inner list", ["(?1)"], TYPE), ("something behind", ["?1 x"], TYPE), ("no lines", [], TYPE),
        ("parameter without a name", ["?1;"], TYPE), ("word true", ["true"], TYPE),
    ]  # fmt: skip
    for label, lines, requirement in table:
        making.valid(label, {"lines": lines}, f"Capsule-Protocol: {label}", [requirement])
    return making.file("rfc9297", "3.4", "Values of Capsule-Protocol and what they mean", 34)


def templates() -> dict[str, Any]:
    """Templates expanded, and texts that are no template of a proxy."""
    making = Making("masque/template", "masque.template")
    own = "https://proxy.example/.well-known/masque/udp/{target_host}/{target_port}/"
    twin = making.valid(
        "well known", {"template": own, "host": "192.0.2.6", "port": "443"}, "the default template", [EXPANDS]
    )
    table: list[tuple[str, str, str, str]] = [
        ("path", "https://masque.example/masque?h={target_host}&p={target_port}", "192.0.2.6", "443"),
        ("query", "https://proxy.example:4443/masque{?target_host,target_port}", "192.0.2.6", "443"),
        ("query goes on", "https://proxy.example/masque?x=1{&target_host,target_port}", "192.0.2.6", "443"),
        ("ipv6", own, "2001:db8::42", "443"), ("name", own, "target.example", "8443"),
        ("two in one", "https://proxy.example/{target_host,target_port}", "192.0.2.6", "1"),
        ("another variable", "https://proxy.example/{x}/{target_host}/{target_port}/", "192.0.2.6", "65535"),
    ]  # fmt: skip
    for label, template, host, port in table:
        making.valid(
            label, {"template": template, "host": host, "port": port}, f"a template with variables: {label}", [EXPANDS]
        )
    wrong: list[tuple[str, str, str]] = [
        ("prefix", own.replace("{target_host}", "{target_host:3}"), "rfc9298/2/template-level-3-or-lower"),
        ("explode", own.replace("{target_host}", "{target_host*}"), "rfc9298/2/template-level-3-or-lower"),
        ("relative", "/masque/{target_host}/{target_port}/", "rfc9298/2/template-absolute-and-complete"),
        ("no authority", "https:///{target_host}/{target_port}/", "rfc9298/2/template-absolute-and-complete"),
        (
            "no path",
            "https://proxy.example?h={target_host}&p={target_port}",
            "rfc9298/2/template-path-starts-with-slash",
        ),
        ("host in authority", "https://{target_host}/{target_port}/", "rfc9298/2/variables-in-path-or-query"),
        ("in fragment", "https://proxy.example/#{target_host}/{target_port}", "rfc9298/2/variables-in-path-or-query"),
        ("no port", "https://proxy.example/{target_host}/", "rfc9298/2/target-host-and-port-present"),
        ("no host", "https://proxy.example/{target_port}/", "rfc9298/2/target-host-and-port-present"),
        ("space", own.replace("masque", "mas que"), "rfc9298/2/template-printable-ascii-only"),
        ("not ascii", own.replace("masque", "masqué"), "rfc9298/2/template-printable-ascii-only"),
        ("nul", own + "\0", "rfc9298/2/template-printable-ascii-only"),
        ("open brace", own + "{", INVALID),
        ("reserved operator", own.replace("{target_port}", "{|target_port}"), INVALID),
        ("empty expression", own + "{}", INVALID),
    ]
    for name, operator in (("plus", "+"), ("hash", "#"), ("dot", "."), ("slash", "/"), ("semicolon", ";")):
        wrong.append(
            (
                f"operator {name}",
                own.replace("{target_host}", f"{{{operator}target_host}}"),
                "rfc9298/2/no-forbidden-template-operators",
            )
        )
    for label, template, requirement in wrong:
        given = {"template": template, "host": "192.0.2.6", "port": "443"}
        making.invalid(twin, label, given, f"the template: {label}", {requirement, INVALID}, ["malformed"])
    return making.file("rfc9298", "2", "Templates of proxies", 2)


def targets() -> dict[str, Any]:
    """Hosts and ports as they stand in a path, percent-encoded."""
    making = Making("masque/target", "masque.target")
    twin = making.valid("plain", {"host": "192.0.2.6", "port": "443"}, "an IPv4 address", [GRAMMAR])
    for label, host, port, requirement in (
        ("least port", "192.0.2.6", "1", PORT), ("greatest port", "192.0.2.6", "65535", PORT),
        ("encoded port", "192.0.2.6", "%38%30", ONCE), ("encoded dots", "192%2E0%2E2%2E6", "80", ONCE),
        ("ipv6", "2001%3Adb8%3A%3A42", "443", IPV6), ("ipv6 in small letters", "2001%3adb8%3a%3a42", "443", IPV6),
        ("ipv6 in the open", "2001:db8::42", "443", IPV6), ("name", "target.example", "443", GRAMMAR),
        ("name with a dot behind", "target.example.", "443", GRAMMAR), ("localhost", "localhost", "9", GRAMMAR),
    ):  # fmt: skip
        making.valid(label, {"host": host, "port": port}, label, [requirement])
    for port in ("0", "65536", "99999", "99999999999", "-1", "+80", "8o", "0x50", "%2B80", "80%20", "%30"):
        making.invalid(
            twin, f"port {port}", {"host": "192.0.2.6", "port": port}, f"the port is {port}", [PORT], ["malformed"]
        )
    making.invalid(twin, "no port", {"host": "192.0.2.6", "port": ""}, "the port is empty", [EMPTY, PORT], ["length"])
    making.invalid(twin, "no host", {"host": "", "port": "443"}, "the host is empty", [EMPTY, GRAMMAR], ["length"])
    for label, host, requirement in (
        ("zone", "fe80%3A%3A1%25lo", ZONE), ("zone encoded twice", "fe80%3A%3A1%2525lo", ZONE),
        ("encoded twice", "192%252E0%252E2%252E6", ONCE), ("broken triplet", "192.0.2.6%", ONCE),
        ("half a triplet", "192.0.2.6%0", ONCE), ("no triplet", "%zz", ONCE), ("nul", "192.0.2.6%00", GRAMMAR),
        ("line", "192.0.2.6%0D%0A", GRAMMAR), ("space", "a%20b", GRAMMAR), ("brackets", "%5B%3A%3A1%5D", IPV6),
        ("colons", "1%3A2%3A3", GRAMMAR), ("slash", "a%2Fb", GRAMMAR), ("user", "u%40192.0.2.6", GRAMMAR),
        ("not ascii", "%C3%A9", GRAMMAR), ("long label", "a" * 64 + ".example", GRAMMAR),
        ("long name", ".".join(["a" * 60] * 5), GRAMMAR), ("two dots", "a..b", GRAMMAR), ("hash", "a%23b", GRAMMAR),
    ):  # fmt: skip
        making.invalid(
            twin, f"host {label}", {"host": host, "port": "443"}, f"the host: {label}", [requirement], ["malformed"]
        )
    return making.file("rfc9298", "3", "Variables of a request's path", 3)
