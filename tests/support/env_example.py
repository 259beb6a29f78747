"""`.env.example`, made of config.yaml, the manual's page of settings and the Dockerfile: nothing is written twice.

python -m tests.support.env_example > .env.example
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from bellwether.core.config import PREFIX, setting_keys
from tests.package import dockerfile

ROOT = Path(__file__).resolve().parents[2]
_BEGIN = """\
# Copy this file to .env: every line that begins with a name and not with # is taken. What stands here is the default,
# but for the plans, which are an example, so that only what you want otherwise need be in it. `chmod 600 .env`: it
# holds secrets. A name that is misspelt stops the start with a sentence. Several values are written with commas.
"""
_COMPOSE = """\
# ---- for docker compose itself, in compose.yaml and deploy/compose

# the files that every `docker compose` here takes, such as compose.yaml:deploy/compose/backup.yaml
# COMPOSE_FILE=compose.yaml
# the image that is run; without it, what `docker compose build` makes
# IMAGE=bellwether:local
# the address and port of this machine at which the page is; 0.0.0.0 is every address, past many a firewall
# PUBLISH_ADDRESS=127.0.0.1
# PUBLISH_PORT=8000
# memory that the service may take; it is ended and started again beyond
# MEMORY_LIMIT=1g
# with backup.yaml and postgres.yaml: the days for which backups are kept
# BACKUP_DAYS=7
# with caddy.yaml: the name under which the page is reached, such as bellwether.example
# DOMAIN=
# with monitoring.yaml: the password of Grafana's user admin
# GRAFANA_PASSWORD=
# with postgres.yaml: the password of the database, letters and digits alone; and the memory that the server may take
# POSTGRES_PASSWORD=
# POSTGRES_MEMORY_LIMIT=1g
"""
_OTHERS = """\
# ---- names that are not Bellwether's alone

# the bot's token under the name that hosting panels give it
# TELEGRAM_BOT_TOKEN=
# another file than config.yaml in the working folder, which is the volume
# BELLWETHER_CONFIG=config.yaml
# a folder with a file for each secret, named such as telegram.token: with `secrets:` of compose.yaml /run/secrets
# CREDENTIALS_DIRECTORY=
# how Telegram, prices and the heartbeat are reached, and whose certificates are trusted: docs/settings.md
# HTTPS_PROXY=
# NO_PROXY=
# SSL_CERT_FILE=
"""
_PLANS = '{"demo": {}, "free": {"requests_a_minute": 30}}'  #: an example; by the environment plans are JSON


def text() -> str:
    """The whole file."""
    config_text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    config: dict[str, dict[str, Any]] = yaml.safe_load(config_text)
    words = dict(_words(config_text))
    image = dockerfile.config_of(dockerfile.read(ROOT / "Dockerfile")[1][-1]).env
    keys = list(setting_keys())
    secrets = [key for key in keys if key not in words]
    parts = [_BEGIN, _part("secrets, which no file of settings may hold", secrets, {}, _manual())]
    set_by_image = [key for key in keys if PREFIX + key in image]
    for section in config:
        prefix = section.upper() + "__"
        own = [key for key in keys if key.startswith(prefix) and key in words and key not in set_by_image]
        values = {key: _as_variable(config[section][key.removeprefix(prefix).lower()]) for key in own}
        parts += [_part(section, own, values, words)] if own else []
    values = {key: image[PREFIX + key] for key in set_by_image}
    parts.append(
        _part("set by the image: leave them, and change PUBLISH_ADDRESS and PUBLISH_PORT", set_by_image, values, words)
    )
    return "\n".join([*parts, _COMPOSE, _OTHERS])


def _part(title: str, keys: list[str], values: Mapping[str, str], words: Mapping[str, str]) -> str:
    lines = [f"# ---- {title}", ""]
    for key in keys:
        lines += [f"# {line}" for line in wrap(words[key], 116)]
        lines.append(f"# {PREFIX}{key}={values.get(key, '')}")
    return "\n".join([*lines, ""])


def _words(config: str) -> Iterator[tuple[str, str]]:
    """Each key of config.yaml that has a comment, and that, with its lists as the environment has them."""
    section = ""
    for line in config.splitlines():
        if re.fullmatch(r"\w+:", line):
            section = line[:-1]
        elif setting := re.fullmatch(r"  (\w+): .*?# (.+)", line):
            words = re.sub(r"\[([^]]+)\]", lambda shown: ",".join(yaml.safe_load(shown[0])), setting[2])
            yield f"{section}__{setting[1]}".upper(), words


def _manual() -> dict[str, str]:
    """What the page of settings says of each key, without its marks."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+__\w+)` \| .*? \| (.*) \|$", page, re.M)
    return {key: re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", said).replace("`", "") for key, said in rows}


def _as_variable(value: Any) -> str:
    """A value of config.yaml as the environment has it."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value)
        case dict():
            return _PLANS
        case _:
            return str(value)


if __name__ == "__main__":
    sys.stdout.write(text())
