"""Searches against the live responses of another implementation."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.protocols.keytrans.messages.ietf import Configuration, SearchRequest
from conformance.protocols.keytrans.messages.ietf_suites import ED25519
from conformance.protocols.keytrans.peers.client_search import Refused, Retained, Search
from tests.protocols.keytrans.upstream import upstream


def octets(value: Any) -> bytes:
    return bytes.fromhex(value)


def test_live_searches_upstream() -> None:
    verified: dict[str, int] = {}
    for case in upstream("search.json"):
        given, expect = case["input"], case["expect"]
        if "response" not in expect or "last" in given:  # what was retained is not among the data
            continue
        configuration = Configuration(
            2, octets(given["signature_public_key"]), octets(given["vrf_public_key"]), given["max_ahead"],
            given["max_behind"], given["monitoring_window"], given["maximum_lifetime"] or None,
        )  # fmt: skip
        asked = SearchRequest(octets(given["label"]), given.get("version"))
        search = Search(configuration, None, asked, given["entry_timestamps"][-1])
        assert configuration.suite is ED25519
        if case["name"] in {"label-does-not-exist", "fixed-version-above-the-greatest"}:
            with pytest.raises(Refused) as why:
                search.verify(octets(expect["response"]))
            assert why.value.kind in {"absent", "not-greatest", "ladder"}
            continue
        retained, value = search.verify(octets(expect["response"]))
        assert Retained.of_json(retained.to_json()) == retained
        assert retained.size == expect["tree_size"]
        version = given.get("version", expect.get("version"))
        values = [a["value"] for m in given["mutations"] for a in m["add"] if a["label"] == given["label"]]
        assert value.hex() == values[version]
        verified[case["name"]] = retained.size
    assert len(verified) == 8
