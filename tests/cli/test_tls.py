"""A gateway behind TLS: verified as the user says, and what the user wants to stay secret stays so."""

import json
import ssl

import pytest
import trustme

from tests.cli.kit import ONE, forward

SECRET = "Bearer c0ffee-c0ffee"
REPORTS = ("--json", "r.json", "--junit", "r.xml", "--markdown", "r.md", "--html", "r.html", "--events", "r.ndjson")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def port(gateway):
    return int(gateway.split(":")[2].partition("/")[0])


@pytest.fixture
def behind(suite, raw, port, authority):
    """Start TLS in front of our gateway: `behind(*alpn, name=…, client=…)` gives its URL."""
    authority.cert_pem.write_to_path(str(suite.folder / "ca.pem"))

    def start(*alpn, name="127.0.0.1", client=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        context.set_alpn_protocols(list(alpn or ("h2", "http/1.1")))
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        server = raw(forward(port), context)
        return f"https://{name}:{server.port}/.well-known/ohttp-gateway", server.port

    return start


def variants(suite):
    """The HTTP versions in which cases have verdicts, and these verdicts."""
    result = json.loads((suite.folder / "r.json").read_bytes())
    seen = [(case["variant"]["http"], case["verdict"]) for case in result["cases"] if case["id"] == ONE]
    return {http for http, _ in seen}, {verdict for _, verdict in seen}


def test_an_authority_of_ones_own_and_both_versions_by_alpn(suite, behind):
    url, _ = behind()
    told = suite.run("--target", url, "--ca-file", "ca.pem", *REPORTS)
    assert told.code == 0, told.both
    assert "it speaks HTTP/1.1 and HTTP/2" in told.err
    assert variants(suite) == ({1, 2}, {"pass"})
    for name in ("r.json", "r.xml", "r.md", "r.html", "r.ndjson"):
        assert "not verified" not in (suite.folder / name).read_text()


@pytest.mark.parametrize("version", [1, 2])
def test_one_version_only(suite, behind, version):
    url, _ = behind()
    told = suite.run("--target", url, "--ca-file", "ca.pem", "--http", str(version), *REPORTS)
    assert told.code == 0, told.both
    assert variants(suite) == ({version}, {"pass"})


def test_a_server_that_has_only_the_old_version(suite, behind):
    url, _ = behind("http/1.1")
    assert suite.run("--target", url, "--ca-file", "ca.pem", *REPORTS).code == 0
    assert variants(suite) == ({1}, {"pass"})


def test_without_verification_every_report_says_so(suite, behind):
    url, _ = behind()
    told = suite.run("--target", url, "--insecure", "--http", "1", *REPORTS)
    assert told.code == 0, told.both
    assert "certificates were not verified" in told.out.lower()
    result = json.loads((suite.folder / "r.json").read_bytes())
    assert result["scope"]["insecure"] is True
    for name in ("r.xml", "r.md", "r.html"):
        assert "not verified" in (suite.folder / name).read_text(), name
    again = suite("report", "r.ndjson")
    assert "certificates were not verified" in again.out.lower()


def test_connecting_elsewhere_keeps_the_name_that_is_verified(suite, behind):
    _, there = behind(name="gateway.example")
    told = suite.run(
        "--target", "https://gateway.example/.well-known/ohttp-gateway", "--ca-file", "ca.pem", "--http", "1",
        "--connect-to", f"gateway.example:443:127.0.0.1:{there}",
    )  # fmt: skip
    assert told.code == 0, told.both


def test_a_certificate_of_ours_is_shown_and_missed(suite, behind, authority):
    url, _ = behind(client=True)
    mine = authority.issue_cert("me@client.example")
    mine.private_key_and_cert_chain_pem.write_to_path(str(suite.folder / "mine.pem"))
    options = ("--target", url, "--ca-file", "ca.pem", "--patience", "1", "--http", "1")
    assert suite.run(*options, "--client-cert", "mine.pem").code == 0
    missed = suite.run(*options)
    assert missed.code == 3, missed.both
    assert "--client-cert" in missed.err


def test_the_value_of_a_header_is_nowhere(suite, gateway):
    told = suite.run("--target", gateway, "--header", f"Authorization: {SECRET}", "--http", "1", *REPORTS)
    assert told.code == 0, told.both
    assert "Authorization: …" in (suite.folder / "r.json").read_text()  # the reproduction says that there was one
    forms = (SECRET, SECRET.partition(" ")[2], SECRET.encode().hex(), SECRET.partition(" ")[2].encode().hex())
    for place in (*suite.folder.iterdir(), None):
        text = place.read_text() if place else told.both
        assert not any(form in text for form in forms), place


def test_the_header_is_sent(suite, raw):
    seen = []

    def listen(sock):
        seen.append(sock.recv(65536))

    url = f"http://127.0.0.1:{raw(listen).port}/"
    suite.run("--target", url, "--header", f"Authorization: {SECRET}", "--patience", "0.3", "--http", "1")
    assert any(f"Authorization: {SECRET}\r\n".encode() in octets for octets in seen)
