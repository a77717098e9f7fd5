"""Several processes of one service on one port, and the signals that they heed."""

import base64
import multiprocessing
import os
import signal
import sys

from uvicorn.supervisors import Multiprocess

from runtime.exit_with_parent import end_with
from runtime.settings import Settings, data_key_of, secret_of, token_of


def at_a_terminal() -> bool:
    """There a hang-up means that the window was closed; elsewhere, that an operator
    wants the menu read again.
    """
    return sys.stdin is not None and sys.stdin.isatty()


def export_settings(settings: Settings) -> None:
    """Let the worker processes find what this one made for itself."""
    os.environ["KOMEK_REDIS_URL"] = settings.redis_url or ""
    os.environ["KOMEK_CALLBACK_SECRET"] = secret_of(settings)
    os.environ["KOMEK_DATA_KEY"] = base64.b64encode(data_key_of(settings)).decode()
    os.environ["KOMEK_OPERATOR_TOKEN"] = token_of(settings) or ""
    os.environ["KOMEK_WORKER"] = str(settings.worker)


def settings_in_worker() -> Settings:
    """The settings in such a process, which ends with the one that made it."""
    if (parent := multiprocessing.parent_process()) and parent.pid:
        end_with(parent.pid, signal.SIGTERM)
    return Settings()


class Workers(Multiprocess):
    """The first process, which serves nothing itself.  SIGHUP reloads the menu in each
    of the others.
    """

    def handle_hup(self) -> None:
        if at_a_terminal():
            self.handle_term()
            return
        for process in self.processes:
            if process.pid:
                os.kill(process.pid, signal.SIGHUP)
