"""Cases for relays: we are client and gateway on their two sides."""
