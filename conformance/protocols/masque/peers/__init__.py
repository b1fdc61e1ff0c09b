"""Our own proxy and client, complete and readable."""

from conformance.protocols.masque.peers._proxy import Proxy, ProxyHTTP3, Relay

__all__ = ["Proxy", "ProxyHTTP3", "Relay"]
