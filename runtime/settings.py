"""The settings: KOMEK_… variables of the environment or of a `.env` file."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runtime.encryption import keys_in
from runtime.logs import LogForm
from runtime.redis_address import checked_address

ENV_FILE = Path(".env")
HOUSE = Path(__file__).parent.parent
RUN_SECRETS = Path("/run/secrets")
"""Where container engines put secrets; systemd says where, in `CREDENTIALS_DIRECTORY`."""
SIMULATOR = "simulator"
"""The gateway from which nothing leaves the machine."""


def _strong(secret: SecretStr) -> SecretStr:
    """The secret, if it can stand in a path and nobody can guess it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{22,}", secret.get_secret_value()):
        raise ValueError("needs 22 or more of A-Z a-z 0-9 _ - (128 bits)")
    return secret


def _content_of(path: object) -> str:
    """The secret that a file holds."""
    try:
        return Path(str(path)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(getattr(error, "strerror", None) or "is not text") from None


def _public_address(url: str) -> str:
    """The address, if callbacks can stand below it."""
    if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", url):
        raise ValueError("is no address such as https://komek.example.org")
    return url.rstrip("/")


def _32_octets(key: SecretStr) -> SecretStr:
    """The key, if it is 32 octets in base64, or several such with moments between."""
    try:
        keys_in(key.get_secret_value())
    except ValueError:
        raise ValueError(
            "needs 32 octets in base64: python3 -c 'import base64, os; "
            "print(base64.b64encode(os.urandom(32)).decode())'"
        ) from None
    return key


class FileSecret(SecretStr):
    """A secret, and the file that it was read from."""

    def __init__(self, text: str, file: Path) -> None:
        super().__init__(text)
        self.file = file


def _with_its_file(path: object, read: ValidatorFunctionWrapHandler) -> FileSecret:
    secret: SecretStr = read(_content_of(path))
    return FileSecret(secret.get_secret_value(), Path(str(path)).absolute())


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone; write one such as Asia/Almaty") from None


def _split(names: object) -> object:
    """`+7,+996` as a list."""
    return names.replace(" ", "").split(",") if isinstance(names, str) else names


def _consistent(gateways: tuple[str, ...]) -> tuple[str, ...]:
    """The names, if the gateways can be set up together."""
    if SIMULATOR in gateways and len(gateways) > 1:
        raise ValueError(f"{SIMULATOR} stands alone: nothing leaves the machine with it")
    if len({*gateways}) < len(gateways):
        raise ValueError("names a gateway twice")
    return gateways


GatewayName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$")]
GatewayNames = Annotated[
    tuple[GatewayName, ...],
    NoDecode,
    BeforeValidator(_split),
    AfterValidator(_consistent),
    Field(min_length=1),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z][a-z]{3})?$")]
Languages = Annotated[tuple[Language, ...], NoDecode, BeforeValidator(_split)]
Prefix = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,6}$")]
Prefixes = Annotated[tuple[Prefix, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
Numbers = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
DataKeys = Annotated[SecretStr, AfterValidator(_32_octets)]
DataKeysFile = Annotated[DataKeys, WrapValidator(_with_its_file)]
AnySecretFile = Annotated[SecretStr, BeforeValidator(_content_of)]
Secret = Annotated[SecretStr, AfterValidator(_strong)]
SecretFile = Annotated[Secret, BeforeValidator(_content_of)]
RedisAddress = Annotated[str, AfterValidator(checked_address)]
RedisAddressFile = Annotated[RedisAddress, BeforeValidator(_content_of)]


class SecretFiles(PydanticBaseSettingsSource):
    """Files named like a secret setting, in the folders where engines and systemd put them:
    each stands for its `…_FILE`.
    """

    def __call__(self) -> dict[str, object]:
        """Where the file of each such setting is, as far as there is one."""
        return dict(self._found())

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 (its form there)
        field_name: str,
    ) -> tuple[Path | None, str, bool]:
        """Of one `…_file`: the file, its name, and that it needs no parsing."""
        name = f"{self.config['env_prefix']}{field_name.removesuffix('_file')}".upper()
        files = (folder / name for folder in secret_folders())
        return next(filter(Path.is_file, files), None), name, False

    def _found(self) -> Iterator[tuple[str, object]]:
        for name, field in self.settings_cls.model_fields.items():
            if name.endswith("_file") and (file := self.get_field_value(field, name)[0]):
                yield name, file


def secret_folders() -> list[Path]:
    """Where secrets may lie in files of their own; the first that has one counts."""
    told = os.environ.get("CREDENTIALS_DIRECTORY")
    return [*([Path(told)] if told else []), RUN_SECRETS]


class KomekSettings(BaseSettings):
    """Settings of the service, or those that a gateway has for itself.  An empty variable
    counts as not set; no error quotes what was set.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (replaced)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Each wins over those behind it.  pydantic's own reader of secret files cannot tell
        of a file that is no text, and warns of a folder that is not there.
        """
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls)


class ChosenGateways(KomekSettings):
    """Which gateways are set up.  Their names are those of `ussd/gateways/registry.py`."""

    model_config = SettingsConfigDict(env_prefix="KOMEK_")

    gateway: GatewayNames = (SIMULATOR,)


class Settings(ChosenGateways):
    """KOMEK_… variables of the environment or of a `.env` file."""

    redis_url_file: RedisAddressFile | None = None
    redis_url: Annotated[RedisAddress | None, Field(validate_default=True)] = None
    redis_replicas: Annotated[int, Field(ge=0, le=8)] = 0
    data_dir: Path = Path("data")
    menus_dir: Path = HOUSE / "menus"
    languages: Languages = ()
    service_code: Annotated[str, Field(pattern=r"^\*[0-9]+(\*[0-9]+)*#$")] = "*384*55#"
    callback_secret_file: SecretFile | None = None
    callback_secret: Annotated[Secret | None, Field(validate_default=True)] = None
    data_key_file: DataKeysFile | None = None
    data_key: Annotated[DataKeys | None, Field(validate_default=True)] = None
    sender_id: str | None = None
    short_code: str = "1234"
    prefixes: Prefixes = ("+7",)
    zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("Asia/Almaty")
    series_every_days: Annotated[int, Field(ge=1, le=30)] = 2
    series_weekends: bool = False
    contacts_oldest_days: Annotated[int, Field(ge=1)] = 3 * 365
    contacts_send: Literal["unconfirmed", "sure"] = "unconfirmed"
    replies_a_number: Annotated[int, Field(ge=1)] = 3
    replies_a_minute: Annotated[int, Field(ge=1)] = 60
    replies_a_day: Annotated[int, Field(ge=1)] = 10_000
    series_a_day: Annotated[int, Field(ge=1)] = 200_000
    segment_price: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? [A-Z]{3}$")] | None = None
    ussd_septets: Annotated[int, Field(ge=60, le=182)] = 160
    ussd_units: Annotated[int, Field(ge=60, le=80)] = 70
    operator_token_file: SecretFile | None = None
    operator_token: Annotated[Secret | None, Field(validate_default=True)] = None
    operators_file: Path | None = None
    worker: bool = True
    public_url: Annotated[str, AfterValidator(_public_address)] | None = None
    log: LogForm = "text"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000

    @property
    def simulated(self) -> bool:
        """Whether nothing leaves the machine."""
        return self.gateway == (SIMULATOR,)

    @property
    def operators(self) -> Path:
        """The file of those who have a token of their own."""
        return self.operators_file or self.data_dir / "operators.jsonl"

    @field_validator("callback_secret", "data_key")
    @classmethod
    def _required_by_gateway(
        cls, secret: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        simulated = info.data.get("gateway", (SIMULATOR,)) == (SIMULATOR,)
        return secret_or_file(secret, info, required=not simulated)

    @field_validator("redis_url")
    @classmethod
    def _address_from_file(cls, url: str | None, info: ValidationInfo) -> str | None:
        return url or info.data.get("redis_url_file")

    @field_validator("operator_token")
    @classmethod
    def _from_file(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return secret_or_file(token, info, required=False)


def revealed(secret: SecretStr | None) -> str:
    """What a secret holds; empty where it is not set."""
    return secret.get_secret_value() if secret else ""


def secret_or_file(
    secret: SecretStr | None, info: ValidationInfo, *, required: bool
) -> SecretStr | None:
    """A secret that may also be read from `…_file`.  Raises `ValueError` when it is
    required and in neither.
    """
    file = f"{info.field_name}_file"
    secret = secret or info.data.get(file)
    file_is_wrong = file not in info.data
    if required and not (secret or file_is_wrong):
        raise ValueError("is missing; set it, or …_FILE to a file that holds it")
    return secret


def faults_in_env_file() -> list[str]:
    """What is wrong with the `.env` file as a whole: one line, with the mend, or none."""
    try:
        content = ENV_FILE.read_bytes() if ENV_FILE.is_file() else b""
    except OSError as error:
        return [f"{ENV_FILE}: {error.strerror}; let the user read it whom Komek runs as"]
    if b"\0" in content:
        return [
            f"{ENV_FILE}: is no UTF-8 (it may be UTF-16, as Windows saves it): save it as UTF-8"
        ]
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [f"{ENV_FILE}:{line}: is no UTF-8 (it may be Windows-1251): save it as UTF-8"]
    return []


def faults_in(settings: type[KomekSettings], **given: object) -> list[str]:
    """A clear line for each setting that is wrong; those that are given are as given."""
    try:
        settings(**given)
    except ValidationError as error:
        return [_line(settings, each) for each in error.errors()]
    return []


def _line(settings: type[KomekSettings], error: ErrorDetails) -> str:
    name = "_".join(str(step) for step in error["loc"]).upper()
    what = error["msg"].removeprefix("Value error, ")
    return f"{settings.model_config['env_prefix']}{name}: {what}"


def secret_of(settings: Settings) -> str:
    """The secret of the callbacks.  Raises `ValueError` if the settings have none."""
    if settings.callback_secret is None:
        raise ValueError("no callback secret")
    return settings.callback_secret.get_secret_value()


def token_of(settings: Settings) -> str | None:
    """What opens the operator's pages; without it nobody sees them."""
    return settings.operator_token.get_secret_value() if settings.operator_token else None
