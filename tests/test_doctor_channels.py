"""What doctor says of the channels beside Telegram."""

from pathlib import Path

import pytest

from bellwether.core.types import Check
from bellwether.delivery.targets import ask, targets_table
from bellwether.delivery.targets.target import TargetKind
from bellwether.jobs import doctor_channels
from bellwether.jobs.doctor_channels import examine_channels
from bellwether.services import Services
from tests.test_targets import ANN, BEN, later, made

MAIL = {"smtp": "smtp://127.0.0.1:9", "mail_from": "alerts@bell.example"}


def told(services: Services, folder: Path, **channels: object) -> list[Check]:
    """What doctor says of the same database with other settings."""
    settings = made(folder, **channels).settings
    return examine_channels(settings, services.store)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Somebody has set up ntfy and somebody mail, in one of them after a day."""
    services = made(tmp_path, **MAIL)
    ask.add(services, ANN, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    ask.add(services, BEN, "ben@mail.example", "en")
    later(services, days=1)
    return services


def other(tmp_path: Path) -> Path:
    folder = tmp_path / "other"
    folder.mkdir()
    return folder


def test_where_all_can_be_reached_it_tells_how_many_there_are(services: Services, tmp_path: Path) -> None:
    (check,) = told(services, other(tmp_path), **MAIL)
    assert (check.ok, check.detail) == (
        True,
        "people may set up mail, discord, slack, ntfy, matrix; in use: 1 by mail, 1 by ntfy, whose addresses "
        "can be read; the key is CHANNELS__KEY",
    )


def test_where_the_key_is_missing_it_says_so(services: Services, tmp_path: Path) -> None:
    checks = told(services, other(tmp_path), key="", **MAIL)
    assert [check.ok for check in checks] == [False, False]
    assert checks[0].detail == "people have set up 2, but there is no key that their addresses can be read by."
    assert "BELLWETHER_CHANNELS__KEY" in checks[0].advice


def test_where_the_key_is_another_one_it_says_so_and_tells_none(services: Services, tmp_path: Path) -> None:
    (check,) = told(services, other(tmp_path), key="7f" * 32, **MAIL)
    assert (check.ok, check.detail) == (False, "2 of 2 were set up with another key than that of today.")
    assert "7f7f" not in check.detail + check.advice


def test_where_mail_was_set_up_and_no_server_takes_it_it_says_so(services: Services, tmp_path: Path) -> None:
    (check,) = told(services, other(tmp_path))
    detail = "people have set up 1 by mail, but without CHANNELS__SMTP and CHANNELS__MAIL_FROM none leaves."
    assert (check.ok, check.detail) == (False, detail)


@pytest.mark.parametrize(
    ("channels", "detail"),
    [
        ({"smtp": MAIL["smtp"]}, "mail is half set up: without CHANNELS__MAIL_FROM it is not offered."),
        ({"mail_from": MAIL["mail_from"]}, "mail is half set up: without CHANNELS__SMTP it is not offered."),
        ({**MAIL, "key": ""}, "there is a mail server, but without a key nobody can set mail up."),
    ],
)
def test_where_mail_is_wanted_and_not_offered_it_says_why(
    tmp_path: Path, channels: dict[str, object], detail: str
) -> None:
    services = made(tmp_path, **channels)
    (check,) = examine_channels(services.settings, services.store)
    assert (check.ok, check.detail) == (False, detail)


@pytest.mark.parametrize(
    ("channels", "parts"),
    [
        (
            {},
            ["may set up discord, slack, ntfy, matrix;", "no mail, for want of CHANNELS__SMTP and CHANNELS__MAIL_FROM"],
        ),
        ({"schemes": ["ntfys"]}, ["people may set up ntfy; none in use"]),
        ({"limit": 0}, ["off: CHANNELS__LIMIT is 0"]),
        ({"key": ""}, ["off: there is no key", "serve` makes one", "CHANNELS__KEY"]),
    ],
)
def test_where_nobody_uses_any_it_says_what_is_on_and_what_is_missing(
    tmp_path: Path, channels: dict[str, object], parts: list[str]
) -> None:
    services = made(tmp_path, **channels)
    (check,) = examine_channels(services.settings, services.store)
    assert check.ok
    assert all(part in f"{check.detail} {check.advice}" for part in parts)


def test_of_very_many_it_looks_at_the_oldest_and_the_newest(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_channels, "SAMPLE", 4)
    with services.store.transaction() as db:
        for number in range(10):
            targets_table.add(db, 100 + number, TargetKind.NTFY, "sealed elsewhere", "", "", services.clock())
    (check,) = told(services, other(tmp_path), **MAIL)
    assert check.detail == "2 of 4 that were looked at were set up with another key than that of today."
    with services.store.reading() as db:
        assert targets_table.count_in_use(db) == {TargetKind.NTFY: 11, TargetKind.MAIL: 1}
