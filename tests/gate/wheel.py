"""Builds the wheel, looks into it, installs it into an empty environment and runs it there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def expected() -> set[str]:
    """Every file that must be in the wheel: code, schemas, templates, requirements, vectors, implementations."""
    listed = subprocess.run(
        ["git", "ls-files", "conformance", "vectors", "implementations"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return {name if name.startswith("conformance/") else f"conformance/_data/{name}" for name in listed}


def main() -> None:
    """Build, look, install, run; any of it failing ends this with a message."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT))
        wheel = next(place.glob("*.whl"))
        missing = sorted(expected() - set(zipfile.ZipFile(wheel).namelist()))
        if missing:
            sys.exit("not in the wheel: " + ", ".join(missing))
        run(sys.executable, "-m", "venv", str(place / "env"))
        binaries = place / "env" / "bin"
        run(str(binaries / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel))
        command = str(binaries / "conformance")
        run(command, "vectors", "check", cwd=folder)
        run(command, "run", "--reference", "--http", "1", "--out", "run", "--html", "run.html", cwd=folder)
        listed = run(command, "doctor", cwd=folder)
        for name in ("rust-ohttp", "ohttp-go", "bhttp-js"):
            if name not in listed:
                sys.exit(f"the installed suite does not know {name}")
        size = wheel.stat().st_size / 1024
        sys.stdout.write(f"wheel: {len(expected())} files, {size:.0f} KiB; it runs in an empty environment\n")


def run(*words: str, cwd: str | None = None) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
