"""The express service, with its packages: what npm finds by `peers/package-lock.json`."""

import shutil
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.load import Target
from benchmarks.servers import ROOT, Server, running

_INSTALL_SECONDS = 120


def express_peer(
    name: str, target: Target, folder: Path, core: int | None
) -> dict[str, AbstractContextManager[Server]]:
    """It by its name, not started yet; nothing where there is no Node, or npm reaches nobody."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        print("no Node here: express is left out", file=sys.stderr)
        return {}
    shutil.copytree(ROOT / "benchmarks" / "peers", folder)
    try:
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_INSTALL_SECONDS, check=True
        )
    except subprocess.SubprocessError as error:
        print(f"npm installs nothing ({error}): express is left out", file=sys.stderr)
        return {}
    script = [str(folder / "express.js"), str(target.port), target.path]
    return {name: running(script, target, folder / "run", core, node, NODE_ENV="production")}
