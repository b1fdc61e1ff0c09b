"""Cases of clients."""
