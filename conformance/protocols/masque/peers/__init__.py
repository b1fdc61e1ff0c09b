"""Our own proxy and client, complete and readable."""

from conformance.protocols.masque.peers._client import Client
from conformance.protocols.masque.peers._fake import FakeProxy
from conformance.protocols.masque.peers._proxy import Proxy, ProxyHTTP3, Relay

__all__ = ["Client", "FakeProxy", "Proxy", "ProxyHTTP3", "Relay"]
