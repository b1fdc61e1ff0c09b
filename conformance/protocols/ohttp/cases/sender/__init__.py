"""Cases for libraries that seal requests and open responses."""
