"""config.yaml, the environment and a folder of secrets, as typed and checked settings."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, LiteralString, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bellwether.core import mail_server, places, setting_values
from bellwether.core.config_errors import explain
from bellwether.core.errors import ConfigError, near_name
from bellwether.core.plans import PLANS, Plan

PREFIX = "BELLWETHER_"
FILE_VARIABLE = "BELLWETHER_CONFIG"  #: names another settings file than config.yaml in the working directory
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"  #: names a folder with a file for each secret; systemd sets it
TOKEN_VARIABLES = ("BELLWETHER_TELEGRAM__TOKEN", "TELEGRAM_BOT_TOKEN")  #: the second is what hosting panels call it

Source = Literal["yahoo", "sample", "file"]  #: each is a module of bellwether/market with a function `open_source`


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _form(pattern: str, message: LiteralString) -> AfterValidator:
    """A text, or a secret, has this form, or it is empty."""

    def check(value: SecretStr | str) -> SecretStr | str:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not re.fullmatch(pattern, text, re.DOTALL):
            raise PydanticCustomError("form", message)
        return value

    return AfterValidator(check)


_ADDRESS = _form("https?://.+", "Input should be an address that begins with http:// or https://, or be empty")


class Telegram(_Section):
    """How to reach Telegram."""

    token: SecretStr = SecretStr("")
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    poll_timeout: Annotated[int, Field(ge=0, le=50)] = 30
    messages_a_second: Annotated[int, Field(ge=1, le=1000)] = 30
    webhook_url: Annotated[
        str,
        _form("https?://[^/?#]+/[^?#]+", "Input should be an address with a path such as https://bot.example/telegram"),
    ] = ""
    webhook_secret: Annotated[
        SecretStr,
        _form("[A-Za-z0-9_-]{16,256}", "Input should be 16 to 256 letters, digits, _ and -, as Telegram has it"),
    ] = SecretStr("")
    admin_chat: int = 0


class Market(_Section):
    """Where prices come from."""

    source: Source = "sample"
    fallbacks: Annotated[list[Source], NoDecode, BeforeValidator(setting_values.words)] = []
    file: str = ""
    universe: Annotated[str | tuple[str, ...], NoDecode, BeforeValidator(setting_values.symbols_or_file)] = ""
    fundamentals_file: str = ""
    earnings_file: str = ""
    yahoo_base_url: Annotated[str, _ADDRESS] = ""
    timeout: Annotated[float, Field(gt=0, le=120)] = 15
    connections: Annotated[int, Field(ge=1, le=32)] = 8


class Models(_Section):
    """Where the exported models lie."""

    folder: Annotated[Path, AfterValidator(places.models_folder), Field(validate_default=True)] = places.MODELS
    serve: str = "daily-range-3-2024"
    shadow: Annotated[list[str], NoDecode, BeforeValidator(setting_values.words)] = []
    growth: str = "revenue-2-2021"


class Database(_Section):
    """Where rows are kept."""

    path: Path = Field(default_factory=places.database_path)
    key: Annotated[
        SecretStr,
        _form(
            "[0-9a-fA-F]{64}",
            "Input should have 64 hexadecimal digits, as the command `database key` makes them",
        ),
    ] = SecretStr("")
    url: Annotated[
        SecretStr,
        _form("postgres(ql)?://.+", "Input should begin with postgresql://, or be empty for a file of SQLite"),
    ] = SecretStr("")
    connections: Annotated[int, Field(ge=2, le=1000)] = 10


def _metrics(value: Any) -> Any:
    """YAML takes off for false, and the environment has a port as text."""
    if value is False or value in ("open", "off"):
        return value or "off"
    text = str(value)
    if re.fullmatch("[1-9][0-9]{0,4}", text) and int(text) < 65536:
        return int(text)
    raise PydanticCustomError("metrics", "Input should be open, off or the number of a port, 1 to 65535")


class Web(_Section):
    """Where the page and the API listen."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: Annotated[
        str,
        _form("https?://[^/?#]+", "Input should be a scheme and a host such as https://bellwether.example, no more"),
    ] = ""
    requests_a_minute: Annotated[int, Field(ge=0)] = 600
    trusted_proxies: Annotated[
        list[Annotated[str, AfterValidator(setting_values.network)]], NoDecode, BeforeValidator(setting_values.words)
    ] = [
        "127.0.0.1",
        "::1",
    ]
    metrics: Annotated[Literal["open", "off"] | int, BeforeValidator(_metrics)] = "open"
    metrics_token: Annotated[
        SecretStr, _form("[!-~]{16,}", "Input should have at least 16 characters, none of them a space, or be empty")
    ] = SecretStr("")


class Api(_Section):
    """What callers of the API may do."""

    limits: bool = True
    bars: bool = False
    private_webhooks: bool = False
    origins: Annotated[
        list[Annotated[str, AfterValidator(setting_values.origin)]], NoDecode, BeforeValidator(setting_values.words)
    ] = []
    admin_token: Annotated[SecretStr, _form(".{32,}", "Input should have at least 32 characters, or be empty")] = (
        SecretStr("")
    )
    plans: Annotated[
        dict[str, Plan], NoDecode, BeforeValidator(setting_values.decoded), AfterValidator(setting_values.with_demo)
    ] = PLANS


class Alerts(_Section):
    """When digests are due and what they hold."""

    digest_delay: Annotated[int, Field(ge=0, le=720)] = 45
    freshness: Annotated[int, Field(ge=1, le=2880)] = 720
    horizon: Annotated[int, Field(ge=1, le=63)] = 10
    watch_limit: Annotated[int, Field(ge=1, le=1000)] = 500
    rule_limit: Annotated[int, Field(ge=1, le=1000)] = 500
    heartbeat_url: Annotated[str, _ADDRESS] = ""


class Channels(_Section):
    """Where else alerts and digests may go, beside Telegram."""

    key: Annotated[
        SecretStr,
        _form(
            "[0-9a-fA-F]{64}",
            "Input should have 64 hexadecimal digits, as the command `database key` makes them",
        ),
    ] = SecretStr("")
    schemes: Annotated[
        list[Annotated[str, AfterValidator(setting_values.scheme)]], NoDecode, BeforeValidator(setting_values.words)
    ] = [
        "mailto",
        "discord",
        "slack",
        "ntfys",
        "matrixs",
        "gotifys",
        "pover",
        "workflow",
    ]
    private: bool = False
    limit: Annotated[int, Field(ge=0, le=50)] = 5
    asked_a_day: Annotated[int, Field(ge=1, le=100_000)] = 200
    mail_from: Annotated[
        str, _form("[^@\\s<>]+@[^@\\s<>]+", "Input should be an address such as alerts@bellwether.example, or be empty")
    ] = ""
    smtp: Annotated[SecretStr, AfterValidator(mail_server.checked)] = SecretStr("")


class Proof(_Section):
    """Where the ledger's head leaves the house each day."""

    channel: int = 0
    channel_address: Annotated[str, _ADDRESS] = ""
    authority: Annotated[str, _ADDRESS] = ""
    authority_certificate: str = ""


class Log(_Section):
    """How much is said."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(setting_values.level),
    ] = "INFO"


class Settings(BaseSettings):
    """Everything that can be set. Read it with `load_settings`, which also explains what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    telegram: Telegram = Telegram()
    market: Market = Market()
    models: Models = Field(default_factory=Models)  # both look at the working folder, when they are asked for
    database: Database = Field(default_factory=Database)
    web: Web = Web()
    api: Api = Api()
    alerts: Alerts = Alerts()
    channels: Channels = Channels()
    proof: Proof = Proof()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in wins over the environment, that over the folder of secrets, and that over the file."""
        given = (_without_empty(env_settings()), _credentials(), _file_settings())
        return init_settings, *(InitSettingsSource(settings_cls, init_kwargs=sections) for sections in given)


def _keys() -> Iterator[tuple[str, str, Any]]:
    """The section, key and type of every setting."""
    for section, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((section, key, setting.annotation) for key, setting in field.annotation.model_fields.items())


def _without_empty(sections: dict[str, Any]) -> dict[str, Any]:
    """What the environment has, without empty numbers, switches and plans: `NAME=` asks for nothing there.

    An empty text says something, and an empty word of a few is refused: it may be a name that was not filled in.
    """
    unset = {
        (section, key)
        for section, key, kind in _keys()
        if get_origin(kind) is dict or {int, float, bool}.intersection((kind, *get_args(kind)))
    }
    return {
        section: {key: value for key, value in keys.items() if value != "" or (section, key) not in unset}
        for section, keys in sections.items()
    }


def _secrets() -> Iterator[tuple[str, str]]:
    """The section and key of every secret."""
    return ((section, key) for section, key, kind in _keys() if kind is SecretStr)


def _credentials() -> dict[str, Any]:
    """The secrets that lie as files such as telegram.token in the folder which systemd, or a container, hands over."""
    folder, given = os.environ.get(CREDENTIALS_VARIABLE), dict[str, Any]()
    for section, key in _secrets() if folder else ():
        file = Path(folder or "", f"{section}.{key}")
        try:
            given.setdefault(section, {})[key] = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as problem:
            why = problem.strerror if isinstance(problem, OSError) else "it is no text"
            raise ConfigError(f"The secret {file} cannot be read: {why}.") from None
    return given


def setting_keys() -> tuple[str, ...]:
    """Every key as it is written in the environment after PREFIX: "MARKET__SOURCE"."""
    return tuple(f"{section}__{key}".upper() for section, key, _ in _keys())


def load_settings(**overrides: dict[str, Any]) -> Settings:
    """Settings from `overrides` (by section), the environment, secrets in files and config.yaml, in this order.

    Raises ConfigError, whose one line names the key, what was found and what is allowed.
    """
    _refuse_odd_variables()
    token = next((value for name in TOKEN_VARIABLES if (value := os.environ.get(name, "").strip())), "")
    if token:
        overrides = {**overrides, "telegram": {"token": token, **overrides.get("telegram", {})}}
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # sections as dicts, checked by pydantic
    except ValidationError as problem:  # as the cause it would print the token
        secrets = {f"{section}.{key}" for section, key in _secrets()}
        told = explain(problem.errors()[0], Settings, PREFIX, secrets, CREDENTIALS_VARIABLE)
        raise ConfigError(told) from None


def config_file() -> Path | None:
    """The settings file in use; None when there is none. Raises ConfigError if a named one is missing."""
    named = os.environ.get(FILE_VARIABLE)
    if named and not Path(named).is_file():
        fault = "is a folder" if Path(named).is_dir() else "does not exist"
        raise ConfigError(f"{FILE_VARIABLE} names the file {named}, which {fault}.")
    file = Path(named) if named else places.CONFIG
    return file if file.is_file() else None


def _file_settings() -> dict[str, Any]:
    """The sections of the settings file; an empty one, all of whose keys are commented out, is left out.

    Raises ConfigError for a file that is no settings file, or that holds the token.
    """
    file = config_file()
    if file is None:
        return {}
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"The settings file {file} cannot be read: {_where(problem)}.") from None
    content = {} if content is None else content
    if not isinstance(content, dict) or not all(isinstance(section, str) for section in content):
        raise ConfigError(f"The settings file {file} must be made of sections such as “web:” with keys under them.")
    for section, key in _secrets():
        keys = content.get(section)
        if isinstance(keys, dict) and key in keys:  # a secret in a file ends up in a backup or a commit
            variable = f"{PREFIX}{section}__{key}".upper()
            raise ConfigError(
                f"{section}.{key} must not stand in {file.name}; set it in the environment as {variable}."
            )
    return {section: keys for section, keys in content.items() if keys is not None}


def _where(problem: Exception) -> str:
    """What is wrong with the file, without quoting it: the line may hold the token."""
    if isinstance(problem, yaml.MarkedYAMLError) and problem.problem_mark is not None:
        return f"it is no YAML from line {problem.problem_mark.line + 1} on ({problem.problem})"
    return type(problem).__name__ if isinstance(problem, yaml.YAMLError) else str(problem)


def _refuse_odd_variables() -> None:
    """A misspelt variable would otherwise be a default quietly used instead of what was asked."""
    known = {PREFIX + key for key in setting_keys()} | {FILE_VARIABLE}
    for name, value in os.environ.items():
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            hint = near_name(name.upper(), sorted(known), "allowed are")
            raise ConfigError(f"The environment has {name}, which is no setting; {hint}")
        if name.upper() in {*known, *TOKEN_VARIABLES} and any(
            0xD800 <= ord(sign) <= 0xDFFF for sign in value
        ):  # so Python has such bytes
            raise ConfigError(f"The environment has {name}, whose value should be text in UTF-8, and is not.")
