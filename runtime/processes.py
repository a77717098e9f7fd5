"""Several processes that serve one port, and what they do on a signal."""

import base64
import multiprocessing
import os
import signal
import sys

from uvicorn.supervisors import Multiprocess

from runtime.exit_with_parent import exit_with
from runtime.settings import Settings, data_key_of, secret_of, token_of


def at_a_terminal() -> bool:
    """Whether we run in a terminal: there SIGHUP means that the window was closed;
    elsewhere it asks for the menu to be read again.
    """
    return sys.stdin is not None and sys.stdin.isatty()


def export_settings(settings: Settings) -> None:
    """Hand the completed settings to the worker processes, in their environment."""
    os.environ["KOMEK_REDIS_URL"] = settings.redis_url or ""
    os.environ["KOMEK_CALLBACK_SECRET"] = secret_of(settings)
    os.environ["KOMEK_DATA_KEY"] = base64.b64encode(data_key_of(settings)).decode()
    os.environ["KOMEK_OPERATOR_TOKEN"] = token_of(settings) or ""
    os.environ["KOMEK_PORT"] = str(settings.port)
    os.environ["KOMEK_WORKER"] = str(settings.worker)


def settings_in_worker() -> Settings:
    """The settings of a worker process, which from now on ends with its parent."""
    if (parent := multiprocessing.parent_process()) and parent.pid:
        exit_with(parent.pid, signal.SIGTERM)
    return Settings()


class Workers(Multiprocess):
    """The parent process, which serves nothing itself.  SIGHUP makes each worker reload
    the menu.
    """

    def handle_hup(self) -> None:
        if at_a_terminal():
            self.handle_term()
            return
        for process in self.processes:
            if process.pid:
                os.kill(process.pid, signal.SIGHUP)
