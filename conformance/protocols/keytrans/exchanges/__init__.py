"""The dialogues that the cases of key transparency vary; each role has a module of its own."""
