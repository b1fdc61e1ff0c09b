"""Cases of proxies."""
