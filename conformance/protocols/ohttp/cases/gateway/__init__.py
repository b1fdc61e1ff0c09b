"""Cases for gateways, seen by driving one."""
