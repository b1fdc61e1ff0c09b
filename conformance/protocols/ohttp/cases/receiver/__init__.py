"""Cases for libraries that open requests and seal responses."""
