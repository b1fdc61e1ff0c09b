"""The messages of key transparency; each document has modules of its own."""
