"""What a service makes for itself where it is not set: a Redis server, a secret, a data
key; and how another process on the same data directory finds them.
"""

import base64
import secrets
from contextlib import ExitStack
from pathlib import Path

from pydantic import SecretStr

from runtime.embedded_redis import NoServer, embedded_redis, running_redis
from runtime.files import make_private, put_private_file
from runtime.settings import Settings


def start_what_is_missing(settings: Settings, stack: ExitStack) -> Settings:
    """Start a server and make the secrets that are not set; the settings with them.  The
    server runs until the stack closes.  Raises `NoServer`.
    """
    url = settings.redis_url or stack.enter_context(embedded_redis(settings.data_dir))
    secret = settings.callback_secret or SecretStr(secrets.token_urlsafe(16))
    made = {"redis_url": url, "callback_secret": secret, "data_key": _data_key(settings)}
    if settings.simulated:
        token = settings.operator_token or SecretStr(secrets.token_urlsafe(16))
        made["operator_token"] = token
    return settings.model_copy(update=made)


def made_at_start(given: Settings) -> set[str]:
    """The secrets of a service that are made at its start, by their names."""
    made = {"callback_secret", "operator_token"} if given.simulated else set[str]()
    return {name for name in made if getattr(given, name) is None}


def join_running(settings: Settings) -> Settings:
    """Settings completed with the running service's Redis address and data key.

    Raises `NoServer`.
    """
    url = settings.redis_url or running_redis(settings.data_dir)
    if url is None:
        where = settings.data_dir
        raise NoServer(f"no service runs on {where}: start it, or set KOMEK_REDIS_URL")
    return settings.model_copy(update={"redis_url": url, "data_key": _data_key(settings)})


def _data_key(settings: Settings) -> SecretStr:
    return settings.data_key or SecretStr(load_or_make_key(settings.data_dir))


def load_or_make_key(data_dir: Path) -> str:
    """The data key of this directory, made at the first call: a simulator needs none from
    an operator.
    """
    file = data_dir / "data-key"
    if not file.exists() or not file.stat().st_size:  # an empty one has sealed nothing
        make_private(data_dir)
        put_private_file(file, base64.b64encode(secrets.token_bytes(32)).decode())
    return file.read_text(encoding="ascii").strip()
