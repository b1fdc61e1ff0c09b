"""The cases of key transparency, a folder for each role."""
