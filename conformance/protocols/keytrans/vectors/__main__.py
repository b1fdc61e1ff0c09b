"""Write the derived vectors, or record what an implementation says of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase

from conformance import vectors
from conformance.protocols.keytrans.vectors import files, write
from conformance.protocols.keytrans.vectors._confirm import Adapter, confirm


def main(arguments: Sequence[str]) -> int:
    """Write the files; with `--confirm KIND PURL COMMAND…` ask that adapter before."""
    folder = vectors.folder() / "keytrans"
    content = files(folder)
    if arguments[:1] == ["--confirm"]:
        kind, purl, adapter = arguments[1], arguments[2], Adapter(arguments[3:])
        for name, file in content.items():
            if not fnmatchcase(file["kind"], kind):
                continue
            accepted: set[str] = set()
            for vector, answer in confirm(adapter, file):
                before = [other for other in vector.pop("confirmed", ()) if other != purl]
                if vector["result"] == "valid" and "ok" in answer:
                    accepted.add(vector["id"])
                elif vector.get("twin") in accepted and "refused" in answer:
                    before.append(purl)  # a refusal says something only where the twin is accepted
                if before:
                    vector["confirmed"] = sorted(before)
            sys.stderr.write(f"{name}: {len(accepted)} valid vectors accepted\n")
        adapter.close()
        write(folder, content)
        content = files(folder)
    write(folder, content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
