"""Vectors of encapsulated requests and responses that do not open, by one change each (RFC 9458, Sections 4.3, 4.4)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from conformance import crypto
from conformance.cases import cut, drop, extend, flip, put
from conformance.crypto import KEMS, Suite
from conformance.deriving import File, Vector, file_of
from conformance.model import Change
from conformance.protocols.ohttp.exchanges import REQUEST, RESPONSE, recipe_of
from conformance.protocols.ohttp.messages import (
    GatewayKey,
    KeyEntry,
    RequestContext,
    encapsulated_request,
    encapsulated_response,
    key_collection,
    open_request,
    response_nonce_length,
)
from conformance.protocols.ohttp.vectors._file import Row, Twin, vectors_of

SEED = 9458
REQUESTS, RESPONSES = "ohttp/rfc9458-request", "ohttp/rfc9458-response"
SUITES = tuple(map(Suite.parse, ("0020/0001/0001", "0010/0001/0001", "0020/0001/0002")))
KEY_ID = 7
SHORT, UNDECRYPTABLE = "rfc9458/4.3/short-request-refused", "rfc9458/4.3/undecryptable-request-refused"
INFO, UNKNOWN = "rfc9458/4.3/request-hpke-info-exact", "rfc9458/4.3/unknown-key-or-kem-refused"
UNOFFERED, ENC = "rfc9458/4.3/unoffered-kdf-aead-refused", "rfc9458/4.3/invalid-enc-refused"
UNOPENED, SHORT_RESPONSE = "rfc9458/4.4/undecryptable-response-refused", "rfc9458/4.4/short-response-refused"


class Made:
    """One exchange of a suite: the key, and both encapsulated messages as recipes."""

    def __init__(self, suite: Suite) -> None:
        rng = random.Random(f"{SEED}/{suite.name}")
        pair = crypto.generate(suite.kem, rng)
        pairs = tuple(dict.fromkeys(((suite.kdf, suite.aead), (1, 1), (1, 3))))
        self.suite = suite
        self.key = GatewayKey(KeyEntry(KEY_ID, suite.kem, pair.public, pairs), pair.private)
        self.ephemeral = crypto.generate(suite.kem, rng)
        self.request_content, self.response_content = recipe_of(REQUEST), recipe_of(RESPONSE)
        context = RequestContext(suite, pair.public, self.ephemeral)
        self.request = encapsulated_request(self.key.entry, context, self.request_content)
        _, answering = open_request(self.request.encode(), [self.key])
        nonce = rng.randbytes(response_nonce_length(suite))
        self.response = encapsulated_response(answering, nonce, self.response_content)

    @property
    def configuration(self) -> str:
        """The key configuration without the length in front, as RFC 9458, Appendix A shows it."""
        return key_collection([self.key.entry]).encode()[2:].hex()


def _at(change: Change) -> Change:
    """A change whose point is only there to be readable."""
    return replace(change, point="")


Table = Sequence[tuple[str, str, Change, Sequence[str], Sequence[str]]]


def _request_rows(suite: Suite, length: int) -> Table:
    """Label, change in words, change, requirements and classes of refusal."""
    enc = KEMS[suite.kem].enc_length
    curve = "rfc9180/7.1.4/public-keys-and-enc-validated"
    other = 0x0010 if suite.kem == 0x0020 else 0x0020
    rows: list[tuple[str, str, Change, Sequence[str], Sequence[str]]] = [
        ("key id", "the key id is that of no key", put("r.key_id", 8), [UNKNOWN], ["key-id"]),
        ("other kem", "the KEM is another than the key's", put("r.kem", other), [UNKNOWN], ["kem"]),
        ("unknown kem", "the KEM is one that nobody knows", put("r.kem", 0xFFFF), [UNKNOWN], ["kem"]),
        ("unknown kdf", "the KDF is one that nobody knows", put("r.kdf", 0x7777), [UNOFFERED], ["suite"]),
        ("unknown aead", "the AEAD is one that nobody knows", put("r.aead", 0x7777), [UNOFFERED], ["suite"]),
        (
            "export only",
            "the AEAD is the export-only one",
            put("r.aead", 0xFFFF),
            [UNOFFERED, "rfc9180/5.3/export-only-aead-refused"],
            ["suite"],
        ),
        (
            "relabelled aead",
            "the header names the other AEAD of the key, which it was not sealed with",
            put("r.aead", bytes([0, 3 if suite.aead == 1 else 1]), wire=True),
            ["rfc9458/4.3/header-bound-to-encryption"],
            ["ciphertext"],
        ),
        (
            "enc flipped",
            "a bit of the encapsulated key is turned",
            flip("r.enc", 5),
            [UNDECRYPTABLE],
            ["ciphertext", "enc"],
        ),
        (
            "enc zero",
            "the encapsulated key is zeros",
            put("r.enc", bytes(enc)),
            [ENC, curve] + ["rfc9180/7.1.4/zero-shared-secret-refused"] * (suite.kem == 0x0020),
            ["enc"],
        ),
        (
            "enc short",
            "the encapsulated key lacks its last octet",
            cut("r.enc", 1),
            [UNDECRYPTABLE],
            ["ciphertext", "enc"],
        ),
        (
            "enc long",
            "an octet follows the encapsulated key",
            extend("r.enc", b"\0"),
            [UNDECRYPTABLE],
            ["ciphertext", "enc"],
        ),
        (
            "ciphertext flipped",
            "the first bit of the ciphertext is turned",
            flip("r.ciphertext", 0, 0x80),
            [UNDECRYPTABLE],
            ["ciphertext"],
        ),
        ("tag flipped", "the last bit of the tag is turned", flip("r.ciphertext", -1), [UNDECRYPTABLE], ["ciphertext"]),
        (
            "ciphertext short",
            "the ciphertext lacks its last octet",
            cut("r.ciphertext", 1),
            [UNDECRYPTABLE],
            ["ciphertext"],
        ),
        (
            "ciphertext long",
            "an octet follows the ciphertext",
            extend("r.ciphertext", b"\0"),
            [UNDECRYPTABLE],
            ["ciphertext", "trailing"],
        ),
        (
            "response label",
            "it was sealed under the label of responses",
            put("r.label", b"message/bhttp response"),
            [INFO, UNDECRYPTABLE],
            ["ciphertext"],
        ),
        (
            "chunked label",
            "it was sealed under the label of chunked requests",
            put("r.label", b"message/bhttp chunked request"),
            [INFO, UNDECRYPTABLE],
            ["ciphertext"],
        ),
        (
            "no zero",
            "the info lacks the zero behind its label",
            drop("r.info.zero"),
            [INFO, UNDECRYPTABLE],
            ["ciphertext"],
        ),
        ("no header", "the info lacks the header", drop("r.info.header"), [INFO, UNDECRYPTABLE], ["ciphertext"]),
        (
            "psk mode",
            "it was sealed in PSK mode",
            put("r.mode", 1),
            ["rfc9458/4.3/hpke-base-mode-only", UNDECRYPTABLE],
            ["ciphertext"],
        ),
        (
            "aad",
            "it was sealed with associated data",
            put("r.aad", b"final"),
            ["rfc9458/4.3/request-aad-empty-first-sequence", UNDECRYPTABLE],
            ["ciphertext"],
        ),
        (
            "second sequence",
            "it was sealed with the second sequence number",
            put("r.sequence", 1),
            ["rfc9458/4.3/request-aad-empty-first-sequence", UNDECRYPTABLE],
            ["ciphertext"],
        ),
    ]
    if suite.kem == 0x0010:
        rows += [
            (
                "off the curve",
                "the encapsulated key is no point of the curve",
                flip("r.enc", -1),
                [ENC, curve],
                ["enc"],
            ),
            (
                "compressed",
                "the encapsulated key is tagged as a compressed point",
                flip("r.enc", 0, 6),
                [ENC, curve],
                ["enc"],
            ),
        ]
    for left in (0, 1, 3, 6, 7, 8, 6 + enc, 7 + enc, 8 + enc, 22 + enc, length - 1):
        where = [SHORT] if left < 23 + enc else [UNDECRYPTABLE]
        change = f"only the first {left} octets are there"
        rows.append((f"cut to {left}", change, cut("r", length - left), where, ["truncated"]))
    return rows


def _response_rows(suite: Suite, length: int) -> Table:
    nonce = response_nonce_length(suite)
    rows: list[tuple[str, str, Change, Sequence[str], Sequence[str]]] = [
        (
            "nonce flipped",
            "a bit of the nonce is turned behind the sealing",
            flip("r.nonce", 0, wire=True),
            [UNOPENED],
            ["ciphertext"],
        ),
        (
            "nonce short",
            "the nonce lacks its last octet, and was sealed so",
            cut("r.nonce", 1),
            [UNOPENED],
            ["ciphertext"],
        ),
        (
            "nonce of 12 octets",
            "the nonce has as many octets as the AEAD's",
            put("r.nonce", bytes(12)),
            [UNOPENED],
            ["ciphertext", "truncated"],
        ),
        (
            "ciphertext flipped",
            "the first bit of the ciphertext is turned",
            flip("r.ciphertext", 0, 0x80),
            [UNOPENED],
            ["ciphertext"],
        ),
        ("tag flipped", "the last bit of the tag is turned", flip("r.ciphertext", -1), [UNOPENED], ["ciphertext"]),
        ("ciphertext short", "the ciphertext lacks its last octet", cut("r.ciphertext", 1), [UNOPENED], ["ciphertext"]),
        (
            "ciphertext long",
            "an octet follows the ciphertext",
            extend("r.ciphertext", b"\0"),
            [UNOPENED],
            ["ciphertext", "trailing"],
        ),
        (
            "request label",
            "the secret was exported under the label of requests",
            put("r.label", b"message/bhttp request"),
            ["rfc9458/4.4/response-secret-export-exact", UNOPENED],
            ["ciphertext"],
        ),
        (
            "other secret",
            "it belongs to another request's context",
            put("r.secret", bytes(nonce)),
            ["rfc9458/4.4/swapped-response-refused"],
            ["ciphertext"],
        ),
        (
            "salt of the nonce alone",
            "the salt lacks the encapsulated key",
            put("r.salt", bytes(nonce)),
            ["rfc9458/4.4/response-salt-enc-then-nonce", UNOPENED],
            ["ciphertext"],
        ),
        (
            "aad",
            "it was sealed with associated data",
            put("r.aad", b"final"),
            ["rfc9458/4.4/response-aad-empty", UNOPENED],
            ["ciphertext"],
        ),
    ]
    for left in (0, 1, nonce - 1, nonce, nonce + 1, nonce + 15, length - 1):
        where = [SHORT_RESPONSE] if left < nonce + 16 else [UNOPENED]
        change = f"only the first {left} octets are there"
        rows.append((f"cut to {left}", change, cut("r", length - left), where, ["truncated"]))
    return rows


def _rows(twin: Twin, table: Table) -> Iterator[Row]:
    for label, change, made, requirements, refusal in table:
        yield Row(twin, label, change, [_at(made)], requirements, refusal)


def requests() -> File:
    """Encapsulated requests that a gateway refuses, and their valid twins."""
    twins: list[Twin] = []
    rows: list[Row] = []
    for made in map(Made, SUITES):
        given = {"skR": made.key.private.hex(), "key_configuration": made.configuration}
        expect = {"request": made.request_content.encode().hex()}
        about = f"a request in the suite {made.suite.name}"
        name = made.suite.name.replace("/", "-")
        twin = Twin(name, made.request, about, ["rfc9458/4.1/request-layout-exact"], expect, given)
        twins.append(twin)
        rows += _rows(twin, _request_rows(made.suite, len(made.request.encode())))
    made_of = vectors_of(REQUESTS, "encapsulated_request", twins, rows)
    return _file("ohttp.request", "4.3", "Encapsulated requests", "key configuration", made_of)


def responses() -> File:
    """Encapsulated responses that a client refuses, and their valid twins."""
    twins: list[Twin] = []
    rows: list[Row] = []
    for made in map(Made, SUITES):
        given = {
            "skR": made.key.private.hex(),
            "key_configuration": made.configuration,
            "suite": made.suite.name,
            "skE": made.ephemeral.private.hex(),
        }
        expect = {"response": made.response_content.encode().hex()}
        about = f"a response in the suite {made.suite.name}"
        name = made.suite.name.replace("/", "-")
        twin = Twin(name, made.response, about, ["rfc9458/4.2/response-nonce-length-exact"], expect, given)
        twins.append(twin)
        rows += _rows(twin, _response_rows(made.suite, len(made.response.encode())))
    made_of = vectors_of(RESPONSES, "encapsulated_response", twins, rows)
    return _file("ohttp.response", "4.4", "Encapsulated responses", "context of the request", made_of)


def _file(kind: str, section: str, what: str, opened: str, vectors: Sequence[Vector]) -> File:
    source = f"{what} that do not open with the given {opened}, each made by one change of one that does"
    return file_of(kind, "rfc9458", section, source, vectors, protocol="ohttp", seed=SEED)
