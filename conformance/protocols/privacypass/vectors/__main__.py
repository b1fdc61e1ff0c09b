"""Write the derived vectors, or record what implementations say of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from conformance import vectors
from conformance.deriving import confirm, generate, tell, write
from conformance.protocols.privacypass.vectors import files
from conformance.protocols.privacypass.vectors._confirm import QUESTIONS, packages


def main(arguments: Sequence[str]) -> int:
    """Write the files; with `--confirm` ask packages before, with `--confirm PURL COMMAND…` an adapter."""
    folder = vectors.folder() / "privacypass"
    if arguments[:1] == ["--confirm"] and len(arguments) > 1:
        arguments = ["--confirm", "*", *arguments[1:]]
    elif arguments[:1] == ["--confirm"]:
        content = files(folder)
        for name, file in content.items():
            for purl, kinds in packages().items():
                if (ask := kinds.get(file["kind"])) is not None:
                    tell(name, purl, confirm(file, purl, ask))
        write(folder, content)
        arguments = ()
    return generate(arguments, folder, files, QUESTIONS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
