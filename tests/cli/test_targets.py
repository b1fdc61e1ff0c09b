"""Targets that are not what they were said to be: one message, whose fault it is, what to do; exit 3, and soon."""

import contextlib
import socket
import ssl
import time
from datetime import UTC, datetime

import pytest
import trustme

PATIENCE = "0.3"


def answer(octets):
    """A handler that reads a little and answers with octets."""

    def handle(sock):
        sock.recv(65536)
        sock.sendall(octets)

    return handle


def greet(sock):
    sock.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
    sock.recv(65536)


def mute(sock):
    while sock.recv(65536):
        pass


def drip(sock):
    sock.recv(65536)
    for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000):
        sock.sendall(bytes([octet]))
        time.sleep(0.05)


def flood(sock):
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(bytes(1 << 16))


def endless_head(sock):
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        sock.sendall(b"X-Filler: 0123456789\r\n" * 1000)


def reset(sock):
    sock.recv(10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def closed(sock):
    sock.recv(65536)


def status(line, *fields, content=b""):
    """A handler that gives a whole answer."""
    head = [f"HTTP/1.1 {line}", f"Content-Length: {len(content)}", *fields, "", ""]
    return answer("\r\n".join(head).encode() + content)


GIGABYTE = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\nx"
TARGETS = [
    (greet, "is no HTTP", "right port"),
    (mute, "takes connections, but answers no request", "--patience"),
    (flood, "is no HTTP", ""),
    (endless_head, "is no HTTP", ""),
    (reset, "answers no request", "log"),
    (closed, "answers no request", "log"),
    (answer(GIGABYTE), "answers no request", "log"),
    (status("404 Not Found", "Content-Type: text/html", content=b"no"), "status 404 with text/html", "--option keys="),
    (status("500 Oops"), "gave status 500", "--option keys="),
    (status("301 Moved", "Location: /"), "gave status 301", "whole URL"),
    (status("200 OK"), "gave status 200", "whole URL"),
]
NAMES = ["ssh", "mute", "flood", "head", "reset", "closed", "1GB", "404", "500", "301", "empty"]


def unreachable(told):
    """The message of a run that found nothing to test."""
    assert told.code == 3, told.both
    assert told.out == ""
    assert told.err.count("conformance: ") == 1
    assert "(the target is at fault)" in told.err
    return told.err


@pytest.mark.parametrize(("handler", "what", "hint"), TARGETS, ids=NAMES)
def test_what_is_no_gateway_is_told_apart(suite, raw, handler, what, hint):
    began = time.monotonic()
    told = suite("run", "--target", f"http://127.0.0.1:{raw(handler).port}/gateway", "--patience", PATIENCE)
    assert time.monotonic() - began < 10
    message = unreachable(told)
    assert what in message
    assert hint in message


def test_a_target_that_drips_is_not_waited_for_without_end(suite, raw):
    began = time.monotonic()
    told = suite("run", "--target", f"http://127.0.0.1:{raw(drip).port}/gateway", "--patience", "0.15")
    assert time.monotonic() - began < 10
    assert "still not whole after 1.5 s" in unreachable(told)


def test_a_web_page_for_everything_is_no_gateway(suite, raw):
    def page(sock):
        while sock.recv(65536):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html")

    told = suite("run", "--target", f"http://127.0.0.1:{raw(page).port}/", "--patience", PATIENCE)
    assert told.code == 3
    assert "nothing that we test was found" in told.err
    assert "status 200" in told.err


def test_a_port_where_nobody_listens(suite):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert "nothing listens at 127.0.0.1:" in unreachable(suite("run", "--target", url))


def test_a_host_that_does_not_exist(suite):
    message = unreachable(suite("run", "--target", "http://no-such-host.invalid/", "--patience", PATIENCE))
    assert "no-such-host.invalid has no address" in message


# TLS


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def context(issued, *alpn):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(made)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


NOT_FOUND = answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


def test_plain_http_to_a_port_that_speaks_tls(suite, raw, authority):
    server = raw(NOT_FOUND, context(authority.issue_cert("127.0.0.1")))
    told = suite("run", "--target", f"http://127.0.0.1:{server.port}/", "--patience", PATIENCE)
    message = unreachable(told)
    assert "speaks TLS" in message
    assert "https://" in message


def test_tls_to_a_port_that_speaks_plain_http(suite, raw):
    told = suite("run", "--target", f"https://127.0.0.1:{raw(NOT_FOUND).port}/", "--patience", PATIENCE)
    message = unreachable(told)
    assert "speaks no TLS" in message
    assert "http://" in message


def test_tls_to_a_port_that_says_nothing(suite, raw):
    told = suite("run", "--target", f"https://127.0.0.1:{raw(mute).port}/", "--patience", PATIENCE)
    assert "--patience" in unreachable(told)


@pytest.fixture(params=["unknown authority", "expired", "wrong name"])
def broken(request, authority, tmp_path):
    """A certificate that must not be trusted, what is said of it, and the options with which it must not be."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusted = ("--ca-file", "ca.pem")
    match request.param:
        case "unknown authority":
            return authority.issue_cert("127.0.0.1"), "local issuer", ()
        case "expired":
            then = datetime(2020, 1, 1, tzinfo=UTC)
            return authority.issue_cert("127.0.0.1", not_after=then), "expired", trusted
        case _:
            return authority.issue_cert("gateway.example"), "not valid for '127.0.0.1'", trusted


def test_a_certificate_that_cannot_be_verified(suite, raw, broken):
    issued, what, options = broken
    server = raw(NOT_FOUND, context(issued))
    message = unreachable(suite("run", "--target", f"https://127.0.0.1:{server.port}/", *options))
    assert "cannot be verified" in message
    assert what in message
    assert "--ca-file" in message
    assert "--insecure" in message


def test_http_2_where_alpn_does_not_offer_it(suite, raw, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = raw(NOT_FOUND, context(authority.issue_cert("127.0.0.1"), "http/1.1"))
    url = f"https://127.0.0.1:{server.port}/"
    message = unreachable(suite("run", "--target", url, "--ca-file", "ca.pem", "--http", "2", "--patience", PATIENCE))
    assert "does not choose HTTP/2" in message


def test_an_authority_that_is_no_certificate(suite, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    told = suite("run", "--target", "https://127.0.0.1:9/", "--ca-file", "ca.pem")
    assert told.code == 2
    assert "ca.pem" in told.err


def test_a_certificate_of_ours_without_its_key(suite, authority, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "mine.pem"))
    told = suite("run", "--target", "https://127.0.0.1:9/", "--client-cert", "mine.pem")
    assert told.code == 2
    assert "mine.pem" in told.err


def test_an_adapter_that_is_none(suite):
    told = suite("run", "--adapter", "sh -c 'echo hello'")
    assert told.code == 4
    assert "(the adapter is at fault)" in told.err


def test_a_command_that_does_not_exist(suite):
    told = suite("run", "--adapter", "no-such-command-here")
    assert told.code in {2, 4}
    assert "no-such-command-here" in told.err
    with contextlib.suppress(FileNotFoundError):
        assert not list(suite.folder.glob("reports/*/events.ndjson"))
