"""The protocols that come with the suite. Each registers through the entry-point group `conformance.protocols`."""
