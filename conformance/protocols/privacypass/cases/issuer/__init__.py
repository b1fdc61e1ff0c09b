"""Cases about issuers."""
