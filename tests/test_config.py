"""Settings: a wrong key or value is one line that says what to do, and the token is never told to anyone."""

from pathlib import Path

import pytest

from bellwether.core.config import load_settings, setting_keys
from bellwether.core.errors import ConfigError

TOKEN = "123456789:only-a-token-for-tests"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(**sections: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as error:
        load_settings(**sections)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_it_needs_no_file(folder: Path) -> None:
    settings = load_settings()
    assert settings.market.source == "sample"
    assert settings.web.port == 8000
    assert settings.telegram.token.get_secret_value() == ""


def test_the_environment_wins_over_the_file_and_what_is_passed_over_both(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.yaml").write_text("web:\n  port: 1\n  host: filehost\nalerts:\n  horizon: 5\n")
    monkeypatch.setenv("BELLWETHER_WEB__PORT", "2")
    settings = load_settings()
    assert (settings.web.port, settings.web.host, settings.alerts.horizon) == (2, "filehost", 5)
    settings = load_settings(web={"port": 3})
    assert (settings.web.port, settings.web.host) == (3, "filehost")


def test_another_file_can_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.yaml").write_text("web: {port: 1}")
    (folder / "other.yaml").write_text("web: {port: 9}")
    monkeypatch.setenv("BELLWETHER_CONFIG", "other.yaml")
    assert load_settings().web.port == 9
    monkeypatch.setenv("BELLWETHER_CONFIG", "gone.yaml")
    assert "gone.yaml" in refused()


def test_the_file_in_the_repository_holds_the_defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = load_settings()
    monkeypatch.setenv("BELLWETHER_CONFIG", str(Path(__file__).resolve().parents[1] / "config.yaml"))
    assert load_settings() == defaults


@pytest.mark.parametrize(
    ("key", "found", "allowed"),
    [
        ("MARKET__SOURCE", "Yahoo", "'yahoo', 'sample' or 'file'"),
        ("MARKET__SOURCE", "", "'yahoo', 'sample' or 'file'"),
        ("MARKET__TIMEOUT", "0", "greater than 0"),
        ("MARKET__YAHOO_BASE_URL", "mirror.example", "begins with http:// or https://"),
        ("WEB__PUBLIC_URL", "https://a.example/b", "a scheme and a host"),
        ("TELEGRAM__WEBHOOK_URL", "https://a.example", "an address with a path"),
        ("MARKET__TIMEOUT", "soon", "a number above 0 and at most 120"),
        ("API__LIMITS", "perhaps", "true or false"),
        ("API__PLANS", "{free", 'a JSON object such as {"demo": {}'),
        ("API__PLANS", "[" * 100_000, "a JSON object"),
        ("WEB__REQUESTS_A_MINUTE", "many", "a whole number from 0 on"),
        ("MARKET__TIMEOUT", "nan", "less than or equal to 120"),
        ("MARKET__TIMEOUT", "inf", "less than or equal to 120"),
        ("WEB__PORT", "eight", "a whole number from 0 to 65535 ("),
        ("WEB__PORT", "-1", "greater than or equal to 0"),
        ("WEB__PORT", "65536", "less than or equal to 65535"),
        ("WEB__METRICS", "closed", "open, off or the number of a port, 1 to 65535"),
        ("WEB__METRICS", "65536", "open, off or the number of a port, 1 to 65535"),
        ("WEB__METRICS", "0", "open, off or the number of a port, 1 to 65535"),
        ("TELEGRAM__POLL_TIMEOUT", "51", "less than or equal to 50"),
        ("TELEGRAM__POLL_TIMEOUT", "1.5", "a whole number from 0 to 50 ("),
        ("ALERTS__HORIZON", "64", "less than or equal to 63"),
        ("ALERTS__HORIZON", "0", "greater than or equal to 1"),
        ("ALERTS__DIGEST_DELAY", "-1", "greater than or equal to 0"),
        ("ALERTS__FRESHNESS", "0", "greater than or equal to 1"),
        ("ALERTS__WATCH_LIMIT", "0", "greater than or equal to 1"),
        ("LOG__LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_is_allowed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, key: str, found: str, allowed: str
) -> None:
    monkeypatch.setenv(f"BELLWETHER_{key}", found)
    text = refused()
    assert key.replace("__", ".").lower() in text
    assert f"BELLWETHER_{key}" in text
    assert repr(found)[:99] in text and len(text) < 600
    assert allowed in text


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("markt: {source: yahoo}", ["markt", "did you mean market"]),
        ("market: {sorce: yahoo}", ["market.sorce", "did you mean market.source"]),
        ("market: {source: bloomberg}", ["market.source", "'bloomberg'", "'yahoo'"]),
        ("market: yahoo", ["market", "'yahoo'"]),
        ("alerts: [1]", ["alerts", "[1]"]),
        ("web: {port: {a: 1}}", ["web.port", "a whole number from 0 to 65535"]),
        ("web: {port: yes please}", ["web.port", "'yes please'"]),
        ("web: {port: 'a\\nb'}", ["web.port"]),
        ("- market", ["config.yaml"]),
        ("just words", ["config.yaml"]),
        ("web: {port: 1", ["config.yaml"]),
        ("web:\n\tport: 1", ["config.yaml"]),
        ("1: 2", ["config.yaml", "sections"]),
        ("web: !!python/object:os.system {}", ["config.yaml"]),
    ],
)
def test_a_wrong_file_is_told_in_one_line(folder: Path, yaml: str, words: list[str]) -> None:
    (folder / "config.yaml").write_text(yaml)
    text = refused()
    for word in words:
        assert word in text


def test_a_file_that_is_no_text_is_told_in_one_line(folder: Path) -> None:
    (folder / "config.yaml").write_bytes(b"\xff\xfe\x00web: {}\x80")
    assert "config.yaml" in refused()


@pytest.mark.parametrize("yaml", ["", "# nothing set\n", "---\n", "{}"])
def test_an_empty_file_sets_nothing(folder: Path, yaml: str) -> None:
    (folder / "config.yaml").write_text(yaml)
    assert load_settings().web.port == 8000


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("BELLWETHER_MARKET__SORCE", "did you mean BELLWETHER_MARKET__SOURCE?"),
        ("BELLWETHER_MARKET_SOURCE", "did you mean BELLWETHER_MARKET__SOURCE?"),
        ("BELLWETHER_TELEGRAM_TOKEN", "did you mean BELLWETHER_TELEGRAM__TOKEN?"),
        ("BELLWETHER_MARKET", "BELLWETHER_MARKET__"),
        ("BELLWETHER_XYZ", "BELLWETHER_"),
    ],
)
def test_a_misspelt_variable_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    monkeypatch.setenv(name, TOKEN)
    text = refused()
    assert name in text
    assert hint in text
    assert TOKEN not in text


def test_every_key_can_be_set_by_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"SOURCE": "yahoo", "LEVEL": "DEBUG", "PATH": "x.sqlite3", "TIMEOUT": "3", "FALLBACKS": "file, sample"}
    values |= {"PUBLIC_URL": "https://bellwether.example", "HEARTBEAT_URL": "https://watch.example"}
    values |= {"WEBHOOK_URL": "https://bellwether.example/telegram", "WEBHOOK_SECRET": "s" * 16, "KEY": "ab" * 32}
    values |= {"YAHOO_BASE_URL": "http://mirror.example", "ORIGINS": "https://app.example"}
    values |= {"LIMITS": "no", "BARS": "yes", "PRIVATE_WEBHOOKS": "1", "ADMIN_TOKEN": "a" * 32, "PLANS": '{"demo": {}}'}
    values |= {"TRUSTED_PROXIES": "10.0.0.0/8, ::1", "METRICS_TOKEN": "m" * 16, "URL": "postgresql://host/name"}
    values |= {"CHANNEL_ADDRESS": "https://t.me/heads", "AUTHORITY": "https://stamps.example"}
    values |= {
        "SCHEMES": "mailto, ntfys",
        "PRIVATE": "no",
        "MAIL_FROM": "alerts@bell.example",
        "SMTP": "smtps://mail.example",
    }
    text_keys = {"TOKEN", "BASE_URL", "BASE_FILE_URL", "FILE", "FOLDER", "SERVE", "HOST"}
    for key in setting_keys():
        name = key.partition("__")[2]
        monkeypatch.setenv(f"BELLWETHER_{key}", values.get(name, f"a{name}" if name in text_keys else "7"))
    settings = load_settings()
    assert settings.market.source == "yahoo"
    assert settings.models.folder == Path("aFOLDER")
    assert (settings.alerts.horizon, settings.web.port, settings.market.timeout) == (7, 7, 3.0)
    assert settings.telegram.token.get_secret_value() == "aTOKEN"


@pytest.mark.parametrize("name", ["BELLWETHER_TELEGRAM__TOKEN", "TELEGRAM_BOT_TOKEN", "bellwether_telegram__token"])
def test_the_token_comes_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, TOKEN)
    assert load_settings().telegram.token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("written", "metrics"),
    [("off", "off"), ("'off'", "off"), ("open", "open"), ("9101", 9101), ("'9101'", 9101)],
)
def test_where_metrics_are_is_a_word_or_a_port(folder: Path, written: str, metrics: object) -> None:
    (folder / "config.yaml").write_text(f"web: {{metrics: {written}}}")
    assert load_settings().web.metrics == metrics


@pytest.mark.parametrize("written", ["[9101]", "on", "9101.5", "-1", "''"])
def test_anything_else_is_refused(folder: Path, written: str) -> None:
    (folder / "config.yaml").write_text(f"web: {{metrics: {written}}}")
    assert "open, off or the number of a port" in refused()


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1;::1"])
def test_proxies_that_nobody_could_be_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    """uvicorn would take them for names, and silently believe nobody, or by "*" everybody."""
    monkeypatch.setenv("BELLWETHER_WEB__TRUSTED_PROXIES", proxies)
    text = refused()
    assert "web.trusted_proxies" in text and "10.0.0.0/8" in text


def test_secrets_may_lie_as_files_in_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd's LoadCredential hands them over; what is in the environment goes before."""
    (folder / "telegram.token").write_text(f"{TOKEN}\n")
    (folder / "database.key").write_text("ab" * 32)
    (folder / "config.yaml").write_text("telegram: {poll_timeout: 7}")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", "cd" * 32)
    settings = load_settings()
    assert settings.telegram.token.get_secret_value() == TOKEN
    assert settings.telegram.poll_timeout == 7
    assert settings.database.key.get_secret_value() == "cd" * 32


def test_a_secret_in_a_file_that_is_wrong_is_told_without_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    (folder / "web.metrics_token").write_text("too short")
    assert "web.metrics_token" in (text := refused()) and "too short" not in text
    (folder / "web.metrics_token").write_bytes(b"\xff\xfe\x80")
    assert "web.metrics_token cannot be read" in (text := refused()) and "0xff" not in text
    (folder / "web.metrics_token").unlink()
    (folder / "web.metrics_token").mkdir()
    assert "web.metrics_token cannot be read" in refused()


@pytest.mark.parametrize("key", sorted(setting_keys()))
def test_no_value_however_odd_is_more_than_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    odd = ["", "{free", "[" * 9999, "null", "1e999", "9" * 5000, "a\nb", '{"demo": {"horizons": "x"}}']
    for value in odd:
        monkeypatch.setenv(f"BELLWETHER_{key}", value)
        try:
            load_settings()
        except ConfigError as problem:
            assert f"BELLWETHER_{key}" in str(problem) and "\n" not in str(problem)
    monkeypatch.setenv(f"BELLWETHER_{key}", "\udcff\udcfe")
    assert refused() == f"The environment has BELLWETHER_{key}, whose value should be text in UTF-8, and is not."


@pytest.mark.parametrize("key", ["WEB__PORT", "MARKET__TIMEOUT", "API__LIMITS", "API__PLANS", "WEB__METRICS"])
def test_an_empty_variable_asks_for_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """As the end of a line in .env has it; what the file says then counts."""
    defaults = load_settings()
    monkeypatch.setenv(f"BELLWETHER_{key}", "")
    assert load_settings() == defaults
    (folder / "config.yaml").write_text("web: {port: 5}")
    assert load_settings().web.port == 5


def test_a_level_may_be_written_in_any_case(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_LOG__LEVEL", "debug")
    assert load_settings().log.level == "DEBUG"


def test_a_wrong_secret_is_told_with_where_it_may_stand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", "short")
    text = refused()
    assert "config.yaml" not in text
    assert "BELLWETHER_DATABASE__KEY, or the file database.key in the folder that CREDENTIALS_DIRECTORY names" in text


@pytest.mark.parametrize(
    "address",
    [
        "smtps://user:hunter2secret/x@mail.example:465",
        "smtps://user:123/hunter2secret@mail.example",
        "smtps://user:hunter2secret#x@mail.example",
        "smtps://user:hunter2secret?x@mail.example",
        "smtps://user:hunter2secret[x@mail.example",
        "smtps://user:hunter2secret@mail.example:46500000",
        "smtps://user:hunter2secret@",
        "imap://user:hunter2secret@mail.example",
    ],
)
def test_an_address_of_a_mail_server_that_cannot_be_is_refused_and_not_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("BELLWETHER_CHANNELS__SMTP", address)
    text = refused()
    assert "channels.smtp" in text and "like %2F" in text
    assert "hunter2secret" not in text


def test_a_short_admin_token_is_refused_and_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_API__ADMIN_TOKEN", "guessable")
    text = refused()
    assert "api.admin_token" in text and "32" in text
    assert "guessable" not in text


def test_an_admin_token_in_a_file_is_refused(folder: Path) -> None:
    (folder / "config.yaml").write_text("api:\n  admin_token: abcdef\n")
    text = refused()
    assert "BELLWETHER_API__ADMIN_TOKEN" in text
    assert "abcdef" not in text


@pytest.mark.parametrize(
    ("plans", "hint"),
    [
        ('{"free": {}}', "demo"),
        ('{"demo": {"requests_a_minut": 1}}', "did you mean api.plans.demo.requests_a_minute?"),
        ('{"demo": 3}', 'a JSON object such as {"requests_a_minute": 30} (config.yaml, or BELLWETHER_API__PLANS)'),
        ('{"demo": {"rules": "many"}}', "api.plans.demo.rules is 'many', but it should be a whole number from 0 on"),
        ('{"demo": {"batch_size": 501}}', "500"),
        ('{"demo": {"horizons": [64]}}', "63"),
    ],
    ids=["without the keyless", "misspelt", "no terms", "no number", "too large a batch", "too far a horizon"],
)
def test_plans_that_cannot_be_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, plans: str, hint: str) -> None:
    monkeypatch.setenv("BELLWETHER_API__PLANS", plans)
    text = refused()
    assert "api.plans" in text and hint in text


def test_our_own_token_variable_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "other")
    monkeypatch.setenv("BELLWETHER_TELEGRAM__TOKEN", TOKEN)
    assert load_settings().telegram.token.get_secret_value() == TOKEN
    assert load_settings(telegram={"token": ""}).telegram.token.get_secret_value() == ""  # serve --demo


@pytest.mark.parametrize(
    "yaml",
    [
        f"telegram:\n  token: {TOKEN}\n",
        f"telegram: {{token: '{TOKEN}'}}",
        "telegram:\n  token:\n",
        f"telegram: {{Token: '{TOKEN}'}}",
        f"telegram: {{tokn: '{TOKEN}'}}",
        f"telegram: '{TOKEN}'",
        f"telegram: ['{TOKEN}']",
        f"token: '{TOKEN}'",
        f"telegram:\n  token: {TOKEN}: oops\n",
    ],
)
def test_a_token_in_the_file_is_refused_and_not_repeated(folder: Path, yaml: str) -> None:
    (folder / "config.yaml").write_text(yaml)
    text = refused()
    assert TOKEN not in text
    assert TOKEN.partition(":")[2] not in text


def test_a_token_in_the_file_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "config.yaml").write_text(f"telegram:\n  token: {TOKEN}\n")
    assert refused() == (
        "telegram.token must not stand in config.yaml; set it in the environment as BELLWETHER_TELEGRAM__TOKEN."
    )


def test_no_error_tells_the_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_TELEGRAM__TOKEN", TOKEN)
    monkeypatch.setenv("BELLWETHER_WEB__PORT", "no")
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert TOKEN not in str(error.value)
    assert error.value.__cause__ is None and error.value.__suppress_context__
    assert TOKEN not in refused(telegram={"token": [TOKEN]})


def test_no_picture_of_the_settings_shows_the_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_TELEGRAM__TOKEN", TOKEN)
    settings = load_settings()
    for picture in (repr(settings), str(settings), repr(settings.model_dump()), settings.model_dump_json()):
        assert TOKEN not in picture


def test_settings_cannot_be_changed_afterwards(folder: Path) -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.web.port = 1


@pytest.mark.parametrize("written", ['["ntfys", "mailto"]', "[ntfys]", "ntfys mailto", "mailto:"])
def test_a_list_of_beginnings_that_would_allow_nothing_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("BELLWETHER_CHANNELS__SCHEMES", written)
    assert "beginnings of addresses such as mailto" in refused()
    monkeypatch.setenv("BELLWETHER_CHANNELS__SCHEMES", "ntfys, mailto")
    assert load_settings().channels.schemes == ["ntfys", "mailto"]
