"""Clients meet gateways and relays in cells of the matrix: here the references, as strangers to each other."""

from collections import Counter

import pytest

from conformance.bench import PeerSubject
from conformance.engine.session import Other, Request, run_session
from conformance.model import BAD
from conformance.protocols.ohttp import PROTOCOL
from conformance.protocols.ohttp.peers import ChunkedClient, Client, Gateway, Relay
from conformance.subjects import ObjectSubject

GATEWAY = ("ohttp.gateway", Gateway)
RELAY = ("ohttp.relay", Relay)


class InHand(Client):
    """A client that is given keys."""

    features = ("plain",)


class Forgetful(Client):
    """A client that loses the query."""

    def encoded(self, wanted):
        return super().encoded(wanted).replace(b"?a=1", b"?b=1")


async def verdicts(client, *others, include=("ohttp/client/*",)):
    """What a cell comes to, by case."""
    asked = Request(
        ObjectSubject(client),
        [PROTOCOL],
        roles=["ohttp.client"],
        include=include,
        patience=8.0,
        others=[Other(role, PeerSubject(peer), role) for role, peer in others],
    )
    _, result = await run_session(asked)
    return {verdict.case: verdict.shown for verdict in result.verdicts}


@pytest.mark.parametrize("client", [Client, ChunkedClient, InHand])
async def test_a_client_meets_a_gateway(client):
    shown = await verdicts(client, GATEWAY)
    assert Counter(shown.values())["pass"] > 10
    assert not {case: s for case, s in shown.items() if s in {*BAD, "inconclusive", "error"}}


async def test_a_client_meets_a_gateway_through_a_relay():
    shown = await verdicts(InHand, RELAY, GATEWAY)
    assert shown == {"ohttp/client/relayed/through-a-relay": "pass"}


async def test_what_a_client_gets_wrong_is_seen_at_our_target():
    shown = await verdicts(Forgetful, GATEWAY, include=("ohttp/client/request/*",))
    assert shown["ohttp/client/request/path-and-query"] == "fail"
    assert shown["ohttp/client/request/fields"] == "pass"
