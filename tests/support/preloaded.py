"""What a `ReadyProcess` has done before it begins: all imports, and both menus understood, the
whole one and that of `copied_menus`.  Other files, and those that are edited, it reads itself.
"""

import gc
import tempfile
from importlib import import_module
from pathlib import Path

import main
from sms.content import make_ready
from tests.support.menus_read import read_once_for
from tests.support.trees import MENUS, copied_menus
from ussd.paging import Budget

IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "cli.commands",
    "fastapi.telemetry._runtime",
    "pydantic.v1",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "web.bootstrap",
)
"""What the libraries look for only when a service begins, and we when a page is asked for."""

for _name in IMPORTED_LATE:
    import_module(_name)
main.read_menu = read_once_for
make_ready(main.read_menu(Budget(), MENUS))
with tempfile.TemporaryDirectory() as _folder:
    make_ready(main.read_menu(Budget(), copied_menus(Path(_folder))))
gc.collect()
gc.freeze()  # what a fork does not look through, it need not copy
