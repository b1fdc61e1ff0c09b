"""The cases of Oblivious HTTP, by role and topic."""
