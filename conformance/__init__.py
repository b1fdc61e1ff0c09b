"""Conformance and interoperability suite for the privacy protocols of the IETF."""

__version__ = "0.1.0"
