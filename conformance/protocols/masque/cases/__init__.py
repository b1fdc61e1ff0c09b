"""The cases of MASQUE, a folder for each role."""
