"""Libraries of VRFs (RFC 9381)."""
