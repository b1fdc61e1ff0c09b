"""Chunked messages against the published example, and against each other."""

import asyncio
import random

import pytest

from conformance import crypto, vectors
from conformance.crypto import Suite
from conformance.protocols.ohttp.messages import (
    BinaryResponse,
    GatewayKey,
    Refused,
    bhttp_response,
    chunked_response,
    decode_key_entry,
    open_chunked_request,
    open_chunked_response,
    pieces_of,
    response_nonce_length,
)
from conformance.protocols.ohttp.peers import ChunkedClient
from conformance.wire import DecodeError, Message

APPENDIX_A = vectors.load("ohttp/chunked-08-example.json")[0].vectors[0]
SUITES = ("0020/0001/0001", "0020/0001/0003", "0010/0001/0002", "0021/0003/0003")


def octets(name):
    return [bytes.fromhex(text) for text in APPENDIX_A.given[name]]


def request_of_the_example():
    entry = decode_key_entry(APPENDIX_A.octets("key_configuration"))
    sealed = b"".join(map(bytes.fromhex, APPENDIX_A.expect["sealed_request_chunks"]))
    header = bytes([1]) + b"".join(n.to_bytes(2, "big") for n in (0x20, 1, 1))
    return GatewayKey(entry, APPENDIX_A.octets("skR")), header + APPENDIX_A.expected("enc") + sealed


def test_the_request_of_the_example_opens():
    key, request = request_of_the_example()
    plaintext, context, sizes = open_chunked_request(request, [key])
    assert plaintext == b"".join(octets("request_chunks"))
    assert sizes == [len(piece) for piece in octets("request_chunks")]
    assert context.recipient.export(b"message/bhttp chunked response", 16) == APPENDIX_A.expected("secret")


def test_the_response_of_the_example_comes_out():
    key, request = request_of_the_example()
    _, context, _ = open_chunked_request(request, [key])
    pieces = octets("response_chunks")
    recipe = chunked_response(
        context, APPENDIX_A.octets("response_nonce"), Message(octets=b"".join(pieces)), [len(p) for p in pieces[:-1]]
    )
    sealed = b"".join(map(bytes.fromhex, APPENDIX_A.expect["sealed_response_chunks"]))
    assert recipe.encode() == APPENDIX_A.octets("response_nonce") + sealed
    assert open_chunked_response(recipe.encode(), context) == b"".join(pieces)


@pytest.mark.parametrize("cut", range(1, 60))
def test_what_ends_early_does_not_open(cut):
    key, request = request_of_the_example()
    with pytest.raises((DecodeError, Refused)):
        open_chunked_request(request[:-cut], [key])


def exchanged(name):
    """Both sides of one exchange of the reference client: its request opened by what drives it."""
    suite, rng = Suite.parse(name), random.Random(name)
    pair = crypto.generate(suite.kem, rng)
    client = ChunkedClient()
    entry = next(iter(client.entries(collection(suite, pair.public))))
    key = GatewayKey(entry, pair.private)
    sealed, kept = client.sealed_in_chunks(client.usable([entry]), client.request_pieces(bytes(40_000)))
    plaintext, context, sizes = open_chunked_request(sealed, [key])
    assert plaintext == bytes(40_000)
    assert max(sizes) <= 16_384
    return client, kept, context, rng


def collection(suite, public):
    entry = bytes([7]) + suite.kem.to_bytes(2, "big") + public + b"\0\4"
    entry += suite.kdf.to_bytes(2, "big") + suite.aead.to_bytes(2, "big")
    return len(entry).to_bytes(2, "big") + entry


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize(("sizes", "empty"), [((), False), ((), True), ((1, 2, 3), True), ((5,) * 300, False)])
def test_client_and_driver_understand_each_other(name, sizes, empty):
    client, kept, context, rng = exchanged(name)
    content = bhttp_response(BinaryResponse(200, ((b"a", b"b"),), bytes(2000)))
    nonce = rng.randbytes(response_nonce_length(context.suite))
    octets_ = chunked_response(context, nonce, content, sizes, empty_final=empty).encode()
    assert client.chunks_opened(octets_, kept) == content.encode()
    assert open_chunked_response(octets_, context) == content.encode()


def test_neither_takes_an_empty_chunk_that_is_not_the_last():
    client, kept, context, rng = exchanged(SUITES[0])
    octets_ = chunked_response(context, rng.randbytes(16), Message(octets=b"hello"), (2, 0)).encode()
    for read in (lambda: client.chunks_opened(octets_, kept), lambda: open_chunked_response(octets_, context)):
        with pytest.raises(DecodeError, match="empty"):
            read()


@pytest.mark.parametrize(
    ("sizes", "empty", "pieces"),
    [
        ((), False, [b"hello"]),
        ((), True, [b"hello", b""]),
        ((2, 0), True, [b"he", b"", b"llo", b""]),
        ((2, 10), False, [b"he", b"llo"]),
        ((9, 9), False, [b"hello"]),
    ],
)
def test_pieces(sizes, empty, pieces):
    assert pieces_of(b"hello", sizes, empty_final=empty) == pieces


def test_any_octets_give_a_request_or_an_error():
    key, _ = request_of_the_example()
    rng = random.Random(8)
    for length in range(120):
        with pytest.raises((DecodeError, Refused)):
            open_chunked_request(rng.randbytes(length), [key])


def test_nobody_at_the_url_is_refused():
    reply = asyncio.run(
        ChunkedClient().ohttp_client_fetch(
            "http://127.0.0.1:9/", {"method": "", "scheme": "", "authority": "", "path": ""}, keys="002d0100"
        )
    )
    assert "refused" in reply
