"""Cases for libraries that read and write key configurations."""
