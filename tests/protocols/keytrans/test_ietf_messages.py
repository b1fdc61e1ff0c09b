"""Messages and suites of the draft: any octets are a value or a DecodeError, and another project's vectors hold."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.crypto import vrf
from conformance.protocols.keytrans.messages.ietf import (
    THIRD_PARTY_AUDITING,
    Configuration,
    SearchRequest,
    decode_configuration,
    decode_search_request,
    decode_search_response,
    read_head,
    read_prefix_proof,
    tree_head_tbs,
    vector,
)
from conformance.protocols.keytrans.messages.ietf_suites import ED25519, P256, SUITES, commitment, vrf_input
from conformance.protocols.keytrans.trees import LogProof, PrefixVerifier, ProofError, full_subtrees, queue
from conformance.wire import DecodeError, Reader
from tests.protocols.keytrans.upstream import upstream


def octets(value: Any) -> bytes:
    return bytes.fromhex(value)


def configuration_of(given: Any) -> Configuration:
    """The configuration in a vector of OR13/kt."""
    mode = given["mode"]
    return Configuration(
        2,
        octets(given["signature_public_key"]),
        octets(given["vrf_public_key"]),
        given["max_ahead"],
        given["max_behind"],
        given.get("reasonable_monitoring_window", given.get("monitoring_window")),
        given.get("maximum_lifetime") or None,
        mode,
        octets(given.get("leaf_public_key", "")),
        given.get("max_auditor_lag", 0),
        given.get("auditor_start_pos", 0),
        octets(given.get("auditor_public_key", "")),
    )


@given(st.binary(max_size=300))
def test_any_octets_are_a_value_or_an_error(data: bytes) -> None:
    for decode in (decode_configuration, decode_search_request):
        with contextlib.suppress(DecodeError):
            assert decode(data).encode() == data
    for suite in SUITES.values():
        for fixed in (True, False):
            with contextlib.suppress(DecodeError):
                decode_search_response(data, suite, fixed=fixed)


@given(st.binary(max_size=255), st.none() | st.integers(0, 2**32 - 1), st.none() | st.integers(0, 2**64 - 1))
def test_requests_come_back(label: bytes, version: int | None, last: int | None) -> None:
    asked = SearchRequest(label, version, last)
    assert decode_search_request(asked.encode()) == asked


def test_a_count_that_cannot_be_is_refused_before_anything_is_read() -> None:
    answer = b"\1" + bytes(16) + vector(b"", 4) + b"\xff"
    with pytest.raises(DecodeError, match="255 elements cannot be"):
        decode_search_response(answer, ED25519)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_signatures_and_proofs_hold_and_others_do_not(suite: Any) -> None:
    secret = bytes(31) + b"\7"
    public, signature = suite.signer(secret), suite.sign(secret, b"message")
    assert suite.signed(public, b"message", signature)
    assert not suite.signed(public, b"another", signature)
    assert not suite.signed(public, b"message", signature[:-1])
    assert not suite.signed(public[:-1], b"message", signature)
    assert not suite.signed(public, b"message", bytes(64))
    assert not suite.signed(suite.signer(bytes(31) + b"\1"), b"message", signature)
    assert suite.proof_length == {P256: 81, ED25519: 80}[suite]
    proof = suite.prove(secret, b"alpha")
    key = vrf.public_of(suite.vrf, secret)
    assert suite.verified(key, b"alpha", proof) == suite.output(proof)
    assert len(suite.output(proof)) == 32
    assert suite.verified(key, b"beta", proof) is None
    assert suite.output(proof[:-1]) is None


def test_commitments_upstream() -> None:
    for case in upstream("commitment.json"):
        given, expect = case["input"], case["expect"]
        made = commitment(
            octets(given["opening"]),
            octets(given["label"]),
            given["version"],
            vector(octets(given["update"]["value"]), 4)
            + (vector(octets(given["update"]["signature"]), 2) if "signature" in given["update"] else b""),
        )
        right = expect.get("commitment")
        assert made.hex() == right if right else made.hex() != given["commitment"]


def test_search_keys_upstream() -> None:
    for case in upstream("vrf.json"):
        given, expect = case["input"], case["expect"]
        alpha = vrf_input(octets(given["label"]), given["version"])
        if "error" in expect:
            assert ED25519.verified(octets(given["public_key"]), alpha, octets(given["proof"])) is None
            continue
        proof = octets(expect["proof"])
        assert alpha.hex() == expect["vrf_input"]
        verified = ED25519.verified(octets(given["public_key"]), alpha, proof)
        assert verified is not None
        assert verified.hex() == expect["output"]
        assert ED25519.prove(octets(given["private_key"]), alpha) == proof


def test_heads_upstream() -> None:
    for case in upstream("tree-head.json"):
        given, expect = case["input"], case["expect"]
        configuration = configuration_of(given)
        assert configuration.encode().hex() == expect["configuration"]
        assert decode_configuration(configuration.encode()) == configuration
        message = tree_head_tbs(configuration.encode(), given["tree_size"], octets(given["root"]))
        assert message.hex() == expect["tree_head_tbs"]
        assert ED25519.signed(configuration.signature_public_key, message, octets(expect["signature"]))
        reader = Reader(octets(expect["full_tree_head_updated"]))
        if configuration.mode != THIRD_PARTY_AUDITING:
            head = read_head(reader)
            reader.end()
            assert head is not None
            assert (head.tree_size, head.signature.hex()) == (given["tree_size"], expect["signature"])


def test_requests_upstream() -> None:
    seen = 0
    for case in upstream("requests.json"):
        given = case["input"]
        if given["kind"] == "search-request":
            asked = SearchRequest(octets(given["label"]), given.get("version"), given.get("last"))
            assert asked.encode().hex() == case["expect"]["encoding"]
            assert decode_search_request(asked.encode()) == asked
            seen += 1
    assert seen >= 5


def test_what_was_tampered_with_is_refused_upstream() -> None:
    seen = set()
    for case in upstream("tampered.json"):
        given = case["input"]
        seen.add(given["kind"])
        match given["kind"]:
            case "log-tree":
                give, left = queue([octets(e) for e in given["elements"]])
                leaves = dict(zip(given["entries"], map(octets, given["values"]), strict=True))
                heads = map(octets, given.get("retained", ()))
                retained = dict(zip(full_subtrees(given.get("retained_size", 0)), heads, strict=True))
                try:
                    root = LogProof(given["size"], leaves, retained, give).root()
                except ProofError:
                    continue
                assert root != octets(given["root"]) or next(left, None) is not None, case["name"]
            case "prefix-tree":
                proof = read_prefix_proof(Reader(octets(given["proof"])), "proof")
                keys = [octets(search["vrf_output"]) for search in given["searches"]]
                known_ = {
                    octets(s["vrf_output"]): octets(s["commitment"]) for s in given["searches"] if "commitment" in s
                }
                try:
                    assert PrefixVerifier().root(proof, keys, known_) != octets(given["root"]), case["name"]
                except ProofError:
                    continue
            case "vrf":
                alpha = vrf_input(octets(given["label"]), given["version"])
                assert ED25519.verified(octets(given["public_key"]), alpha, octets(given["proof"])) is None
            case "commitment":
                update = vector(octets(given["update"]["value"]), 4)
                made = commitment(octets(given["opening"]), octets(given["label"]), given["version"], update)
                assert made.hex() != given["commitment"]
            case "tree-head":
                message = tree_head_tbs(configuration_of(given).encode(), given["tree_size"], octets(given["root"]))
                key = octets(given["signature_public_key"])
                assert not ED25519.signed(key, message, octets(given["signature"])), case["name"]
    assert seen == {"log-tree", "prefix-tree", "vrf", "commitment", "tree-head"}
