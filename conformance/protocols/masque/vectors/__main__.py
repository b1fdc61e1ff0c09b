"""Write the derived vectors."""

from conformance import vectors
from conformance.protocols.masque.vectors import write

if __name__ == "__main__":
    write(vectors.folder() / "masque")
