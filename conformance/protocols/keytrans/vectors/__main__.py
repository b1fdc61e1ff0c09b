"""Write the derived vectors, or record what an implementation says of them."""

import sys

from conformance import vectors
from conformance.deriving import generate
from conformance.protocols.keytrans.vectors import files
from conformance.protocols.keytrans.vectors._confirm import QUESTIONS

if __name__ == "__main__":
    sys.exit(generate(sys.argv[1:], vectors.folder() / "keytrans", files, QUESTIONS))
