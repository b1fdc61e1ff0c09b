"""Cases for libraries of HPKE."""
