"""Write the derived vectors."""

from conformance import vectors
from conformance.deriving import write
from conformance.protocols.masque.vectors import files

if __name__ == "__main__":
    write(vectors.folder() / "masque", files())
