"""config.yaml and the environment, as typed and checked settings."""

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from bellwether.errors import ConfigError

PREFIX = "BELLWETHER_"
FILE_VARIABLE = "BELLWETHER_CONFIG"  #: names another settings file than config.yaml in the working directory
TOKEN_VARIABLES = (
    "BELLWETHER_TELEGRAM__TOKEN",
    "TELEGRAM_BOT_TOKEN",
)  #: the second is what hosting panels call it


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Telegram(_Section):
    """How to reach Telegram."""

    token: SecretStr = SecretStr("")
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    poll_timeout: Annotated[int, Field(ge=0, le=50)] = 30


class Market(_Section):
    """Where prices come from."""

    source: Literal["yahoo", "sample", "file"] = "sample"
    file: str = ""
    yahoo_base_url: str = ""
    timeout: Annotated[float, Field(gt=0, le=120)] = 15


class Models(_Section):
    """Where the exported models lie."""

    folder: Path = Path("exported_models")
    serve: str = ""


class Database(_Section):
    """Where rows are kept."""

    path: Path = Path("var/bellwether.sqlite3")


class Web(_Section):
    """Where the page and the API listen."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000


class Alerts(_Section):
    """When digests are due and what they hold."""

    digest_delay: Annotated[int, Field(ge=0, le=720)] = 45
    freshness: Annotated[int, Field(ge=1, le=2880)] = 720
    horizon: Annotated[int, Field(ge=1, le=63)] = 10
    watch_limit: Annotated[int, Field(ge=1, le=1000)] = 50


class Log(_Section):
    """How much is said."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(BaseSettings):
    """Everything that can be set. Read it with `load_settings`, which also explains what is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, case_sensitive=False
    )

    telegram: Telegram = Telegram()
    market: Market = Market()
    models: Models = Models()
    database: Database = Database()
    web: Web = Web()
    alerts: Alerts = Alerts()
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
        """What is passed in wins over the environment, which wins over the file."""
        file = YamlConfigSettingsSource(settings_cls, yaml_file=_config_file())
        return init_settings, env_settings, file


def setting_keys() -> tuple[str, ...]:
    """Every key as written in the environment after the prefix: "MARKET__SOURCE"."""
    return tuple(
        f"{section}__{key}".upper()
        for section, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for key in field.annotation.model_fields
    )


def load_settings(**overrides: dict[str, Any]) -> Settings:
    """Settings from `overrides` (by section), the environment and config.yaml, in this order.

    Raises ConfigError whose one line names the key, what was found and what is allowed.
    """
    _refuse_unknown_variables()
    token = next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), "")
    if token:
        overrides = {**overrides, "telegram": {"token": token, **overrides.get("telegram", {})}}
    file = _config_file()
    try:
        if file is not None:
            _refuse_secrets(file)
        return Settings(**overrides)  # type: ignore[arg-type]  # sections as dicts, checked by pydantic
    except ValidationError as problem:
        raise ConfigError(_explain(problem.errors()[0])) from None  # the cause would print the token
    except (YAMLError, OSError, UnicodeDecodeError, ValueError, TypeError) as problem:
        raise ConfigError(f"The settings file {file} cannot be read: {' '.join(str(problem).split())}") from None


def _config_file() -> Path | None:
    """The settings file in use; None when there is none. Raises ConfigError if a named one is missing."""
    named = os.environ.get(FILE_VARIABLE)
    if named and not Path(named).is_file():
        raise ConfigError(f"{FILE_VARIABLE} names the file {named}, which does not exist.")
    file = Path(named or "config.yaml")
    return file if file.is_file() else None


def _refuse_secrets(file: Path) -> None:
    """A token in a file ends up in a backup or a commit: refuse it there."""
    content = YamlConfigSettingsSource(Settings, yaml_file=file)()
    section = content.get("telegram")
    if isinstance(section, dict) and "token" in section:
        raise ConfigError(
            f"telegram.token must not stand in {file.name}; set it in the environment as {TOKEN_VARIABLES[0]}."
        )


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be a default quietly used instead of what was asked."""
    known = {PREFIX + key for key in setting_keys()} | {FILE_VARIABLE}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(sorted(known))}."
            raise ConfigError(f"The environment has {name}, which is no setting; {hint}")


def _explain(error: ErrorDetails) -> str:
    """One pydantic error as one line with key, finding and what is allowed."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = [name.replace("__", ".").lower() for name in setting_keys()] + list(Settings.model_fields)
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}."
        return f"The setting {key} is not known; {hint}"
    found = "(hidden)" if "token" in key else repr(error["input"])
    variable = PREFIX + key.replace(".", "__").upper()
    return f"The setting {key} is {found}, but {_allowed(error['msg'])} (config.yaml, or {variable})."


def _allowed(message: str) -> str:
    """Pydantic's "Input should be ..." as the end of our sentence."""
    return message.replace("Input should", "it should")[0].lower() + message.replace("Input should", "it should")[1:]
