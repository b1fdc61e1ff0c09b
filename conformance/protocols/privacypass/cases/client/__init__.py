"""Cases about clients."""
