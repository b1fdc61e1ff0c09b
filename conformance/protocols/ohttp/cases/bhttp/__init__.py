"""Cases for libraries that read and write Binary HTTP (RFC 9292)."""
