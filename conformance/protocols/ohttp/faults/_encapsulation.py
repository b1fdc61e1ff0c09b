"""Faults of gateways in what they do with encapsulation (RFC 9458, Sections 4 and 5.2)."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._kit import faults_of, gateway_fault
from conformance.protocols.ohttp.messages import Refused
from conformance.protocols.ohttp.peers import Gateway
from conformance.wire import DecodeError


@gateway_fault("rfc9458/5.2/invalid-message-gets-4xx", "rfc9458/4.3/*-refused")
class InternalErrorWhenUndecryptable(Gateway):
    """Cannot tell a request that does not decrypt from a failure of its own: 500."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.plain(exchange, 500, str(why))


FAULTS: tuple[Fault, ...] = faults_of(__name__)
