"""Write the derived vectors, or record what implementations say of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from conformance import vectors
from conformance.protocols.privacypass.vectors import files, write
from conformance.protocols.privacypass.vectors._confirm import QUESTIONS, Adapter, confirm, packages


def main(arguments: Sequence[str]) -> int:
    """Write the files; with `--confirm` ask packages before, with `--confirm PURL COMMAND…` an adapter."""
    folder = vectors.folder() / "privacypass"
    content = files(folder)
    if arguments[:1] == ["--confirm"]:
        ways = packages()
        adapter = Adapter(arguments[2:]) if len(arguments) > 2 else None
        if adapter is not None:
            ways = {arguments[1]: {kind: adapter.takes(kind) for kind in QUESTIONS}}
        for file in content.values():
            for purl, kinds in ways.items():
                if (takes := kinds.get(file["kind"])) is not None:
                    sys.stderr.write(f"{file['kind']}: {purl} refuses {confirm(file['vectors'], purl, takes)}\n")
        if adapter is not None:
            adapter.close()
        write(folder, content)
        content = files(folder)
    write(folder, content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
