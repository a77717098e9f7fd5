"""What a service makes for itself where it is not set: a Redis server, a secret, a data
key; and how another process on the same data directory finds them.
"""

import logging
import secrets
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from pydantic import SecretStr

from runtime.data_keys import new_key
from runtime.embedded_redis import NoServer, embedded_redis, running_redis
from runtime.encryption import keys_in
from runtime.files import make_private, put_private_file
from runtime.settings import FileSecret, Settings, revealed

log = logging.getLogger(__name__)


def start_what_is_missing(settings: Settings, stack: ExitStack) -> Settings:
    """Start a server and make the secrets that are not set; the settings with them.  The
    server runs until the stack closes.  Raises `AnotherRuns`.
    """
    url = settings.redis_url or stack.enter_context(embedded_redis(settings.data_dir))
    secret = settings.callback_secret or SecretStr(secrets.token_urlsafe(16))
    key = settings.data_key or _key_for_now(settings.data_dir)
    made = {"redis_url": url, "callback_secret": secret, "data_key": key}
    if settings.simulated:
        token = settings.operator_token or SecretStr(secrets.token_urlsafe(16))
        made["operator_token"] = token
    return settings.model_copy(update=made)


def kept_at_handover(complete: Settings, made: Collection[str]) -> dict[str, str]:
    """What was made at the start, as the environment of the process that takes over."""
    return {f"KOMEK_{name}".upper(): revealed(getattr(complete, name)) for name in made}


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
    try:
        key = settings.data_key or load_or_make_key(settings.data_dir)
    except OSError as error:
        raise NoServer(f"{settings.data_dir / 'data-key'}: {error.strerror}") from None
    return settings.model_copy(update={"redis_url": url, "data_key": key})


def load_or_make_key(data_dir: Path) -> FileSecret:
    """The data key of this directory, made at the first call: a simulator needs none from an
    operator.  Raises `OSError`.
    """
    file = data_dir.absolute() / "data-key"
    return FileSecret(_kept_key(file) or _new_key(file), file)


def _key_for_now(data_dir: Path) -> SecretStr:
    """The same; where it cannot be kept, one for this run."""
    try:
        return load_or_make_key(data_dir)
    except OSError as error:
        log.error("%s: %s; what is sealed now is lost at the end", data_dir, error.strerror)
        return SecretStr(new_key())


def _kept_key(file: Path) -> str:
    """Empty where there is none.  A torn one is put aside: nobody can open anything with it."""
    try:
        key = file.read_text(encoding="ascii").strip()
        if key:
            keys_in(key)
    except FileNotFoundError:
        return ""
    except ValueError:
        log.error("%s: is no data key, and is put aside; a new one is made", file)
        file.replace(file.with_suffix(".unusable"))
        return ""
    return key


def _new_key(file: Path) -> str:
    make_private(file.parent)
    put_private_file(file, key := new_key())
    return key
