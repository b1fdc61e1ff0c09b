"""Cases about origins."""
