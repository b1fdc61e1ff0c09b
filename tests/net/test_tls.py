"""TLS: who is trusted, what is chosen, how it fails."""

import ssl
from dataclasses import replace

import pytest
import trustme

from conformance.model import Ended, EnvironmentProblem, UsageError
from conformance.net import Route, connect, open_stream


@pytest.fixture(scope="module")
def ca():
    return trustme.CA()


@pytest.fixture
def pem(ca, tmp_path):
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls_server(ca, echo_server):
    async def start(name="localhost", alpn=("h2", "http/1.1"), *, client_certs=False, **more):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(name).configure_cert(context)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if client_certs:
            ca.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return await echo_server(tls=context, **more)

    return start


def route(server, pem=None, **more):
    return Route.of(
        f"https://localhost:{server.port}/",
        connect_to=[f"localhost:{server.port}:127.0.0.1:{server.port}"],
        ca_file=pem,
        **more,
    )


@pytest.mark.parametrize(
    ("wanted", "alpn", "version"),
    [
        (None, ("h2", "http/1.1"), 2),
        (None, ("http/1.1",), 1),
        (None, (), 1),
        (1, ("h2", "http/1.1"), 1),
        (2, ("h2", "http/1.1"), 2),
    ],
)
async def test_alpn_chooses(tls_server, notes, post, closing, pem, wanted, alpn, version):
    server = await tls_server(alpn=alpn)
    connection = await connect(route(server, pem), notes, wanted, 2)
    closing.push_async_callback(connection.close)
    assert connection.version == version
    content = bytes(300_000)
    answer = await (await connection.request(notes, post(content, version=version))).answer()
    assert (answer.content, answer.version) == (content, version)


async def test_http2_that_is_not_chosen_is_a_tls_error(tls_server, notes, pem):
    server = await tls_server(alpn=("http/1.1",))
    with pytest.raises(Ended, match="tls-error"):
        await connect(route(server, pem), notes, 2, 2)
    assert [(w, v["code"]) for w, _, v in notes.events] == [("tls-error", "alpn")]


@pytest.mark.parametrize(("name", "trusted", "insecure", "good"), [
    ("localhost", True, False, True),
    ("localhost", False, False, False),
    ("other.test", True, False, False),
    ("other.test", False, True, True),
])  # fmt: skip
async def test_certificates_are_verified(tls_server, notes, closing, pem, name, trusted, insecure, good):
    server = await tls_server(name)
    where = route(server, pem if trusted else None, insecure=insecure)
    if good:
        connection = await connect(where, notes, 1, 2)
        closing.push_async_callback(connection.close)
        assert notes.events == []
    else:
        with pytest.raises(Ended, match="tls-error"):
            await connect(where, notes, 1, 2)
        assert [(w, v["code"]) for w, _, v in notes.events] == [("tls-error", "certificate")]


async def test_a_client_certificate_is_shown(ca, tls_server, notes, post, closing, pem, tmp_path):
    own = tmp_path / "client.pem"
    ca.issue_cert("client.test").private_key_and_cert_chain_pem.write_to_path(own)
    server = await tls_server(client_certs=True)
    connection = await connect(route(server, pem, client_cert=str(own)), notes, 1, 2)
    closing.push_async_callback(connection.close)
    assert (await (await connection.request(notes, post())).answer()).status == 200
    without = await connect(route(server, pem), notes, 1, 2)
    closing.push_async_callback(without.close)
    with pytest.raises(Ended, match=r"tls-error|closed|reset"):  # asyncio's server may close before its alert leaves
        await (await without.request(notes, post())).answer()


async def close(_, writer):
    writer.close()


async def plain(reader, writer):
    await reader.read(10)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def silent(reader, _):
    await reader.read()


@pytest.mark.parametrize(
    ("handler", "wanted"), [(close, {"closed", "reset"}), (plain, {"tls-error"}), (silent, {"timeout"})]
)
async def test_handshakes_that_fail(raw_server, notes, handler, wanted):
    where = await raw_server(handler, "https")
    with pytest.raises(Ended):
        await open_stream(where, notes, patience=0.2)
    assert len(notes.events) == 1
    assert set(notes.whats) <= wanted


def test_files_that_do_not_do(tmp_path):
    with pytest.raises(EnvironmentProblem):
        Route.of("https://h/", ca_file=str(tmp_path / "absent")).context(())
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(UsageError):
        Route.of("https://h/", client_cert=str(tmp_path / "no.pem")).context(())


async def test_certificates_may_be_given_as_text(tls_server, ca, notes, closing, post):
    server = await tls_server()
    trusting = replace(route(server), ca_data=ca.cert_pem.bytes().decode())
    connection = await connect(trusting, notes, 2, 2)
    closing.push_async_callback(connection.close)
    assert (await (await connection.request(notes, post(version=2))).answer()).status == 200
