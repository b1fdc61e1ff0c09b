"""The cases of Privacy Pass, a folder for each role."""
