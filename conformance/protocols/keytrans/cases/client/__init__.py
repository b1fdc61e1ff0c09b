"""Cases for clients of the IETF's log, in our test profile over HTTP. The document is a draft: nothing here gates."""
