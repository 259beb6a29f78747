"""/settings in the conversation: every setting by its button and by its words."""

import re
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.alert_types import AlertSettings, DigestMode, Preferences, QuietHours
from bellwether.core.errors import BadRule
from bellwether.core.types import Theme
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import chat_wishes
from bellwether.services import Services
from bot import conversation
from bot.commands.setting_typed import changed
from bot.commands.setting_views import zones
from bot.keyboards import MOST_BYTES
from tests.support.database import store_at
from tests.support.talk import Talk

CHAT = 1001
NIGHT = QuietHours(time(22), time(7))


def kept(talk: Talk) -> AlertSettings:
    return chat_wishes.alert_settings(talk.services.store, CHAT)


@pytest.mark.parametrize(
    ("menu", "choice", "said", "field", "value"),
    [
        ("Time zone", "Berlin", "Europe/Berlin, where it is 19:00 now", "timezone", "Europe/Berlin"),
        ("Time zone", "New York", "America/New_York, where it is 13:00 now", "timezone", "America/New_York"),
        ("Digest time", "18:00", "at 18:00 or later", "digest_at", time(18)),
        ("Quiet hours", "22:00–07:00", "22:00 to 07:00", "quiet", NIGHT),  # noqa: RUF001
        ("Alerts a week", "5", "5, the rest goes into the digest", "weekly_budget", 5),
        ("Alerts a week", "0", "none, all go into the digest", "weekly_budget", 0),
    ],
)
def test_two_taps_change_a_setting_in_place(
    talk: Talk, menu: str, choice: str, said: str, field: str, value: object
) -> None:
    assert "How I write to you" in talk.say("/settings")
    talk.press(menu)
    assert said in talk.press(choice)
    assert talk.notice == "Changed."
    assert getattr(kept(talk), field) == value


@pytest.mark.parametrize(
    ("menu", "first", "off", "field"),
    [
        ("Digest time", "18:00", "Soon after the close", "digest_at"),
        ("Quiet hours", "22:00–07:00", "None", "quiet"),  # noqa: RUF001
        ("Alerts a week", "5", "No limit", "weekly_budget"),
    ],
)
def test_what_was_set_can_be_unset(talk: Talk, menu: str, first: str, off: str, field: str) -> None:
    talk.say("/settings")
    for choice in (first, off):
        talk.press(menu)
        talk.press(choice)
    assert getattr(kept(talk), field) is None


def test_the_digest_is_switched_by_one_tap(talk: Talk) -> None:
    talk.say("/settings")
    assert "only after unusual days" in talk.press("Digest: only on unusual days")
    assert kept(talk).digest_mode is DigestMode.UNUSUAL
    talk.press("Digest: every trading day")
    assert kept(talk).digest_mode is DigestMode.ALWAYS


@pytest.mark.sqlite
@pytest.mark.parametrize("menu", ["Time zone", "Digest time", "Quiet hours", "Alerts a week"])
def test_every_menu_has_a_way_back(talk: Talk, menu: str) -> None:
    talk.say("/settings")
    talk.press(menu)
    assert "How I write to you" in talk.press("« Back")
    assert kept(talk) == AlertSettings()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("timezone Berlin", "timezone", "Europe/Berlin"),
        ("time zone new york", "timezone", "America/New_York"),
        ("tz Asia/Tokyo", "timezone", "Asia/Tokyo"),
        ("Lisbon", "timezone", "Europe/Lisbon"),
        ("time 18:30", "digest_at", time(18, 30)),
        ("digest 6pm", "digest_at", time(18)),
        ("digest unusual", "digest_mode", DigestMode.UNUSUAL),
        ("digest weekly", "digest_mode", DigestMode.WEEKLY),
        ("DIGEST Always", "digest_mode", DigestMode.ALWAYS),
        ("quiet 22-7", "quiet", NIGHT),
        ("quiet 10pm until 7am", "quiet", NIGHT),
        ("budget 7", "weekly_budget", 7),
        ("limit off", "weekly_budget", None),
        ("quiet none", "quiet", None),
        ("time close", "digest_at", None),
        ("charts dark", "theme", "dark"),
        ("theme Dark", "theme", "dark"),
        ("chart light", "theme", "light"),
        ("dark", "theme", "dark"),
        ("DARK charts", "theme", "dark"),
    ],
)
def test_every_setting_can_be_typed(talk: Talk, said: str, field: str, value: object) -> None:
    assert talk.say(f"/settings {said}").startswith("Changed.")
    assert getattr(kept(talk), field) == value


def test_a_zone_that_could_be_several_is_offered_as_buttons(talk: Talk) -> None:
    assert "which do you mean?" in talk.say("/settings timezone CST")
    assert talk.labels[:2] == ["Chicago", "Shanghai"]
    assert "Asia/Shanghai" in talk.press("Shanghai")
    assert "Is it" in talk.say("/settings Berln")
    assert "Berlin" in talk.labels


@pytest.mark.parametrize("said", ["+3", "Xyzzyq"])
def test_where_no_zone_is_near_the_usual_ones_are_offered(talk: Talk, said: str) -> None:
    talk.say(f"/settings timezone {said}")
    assert "Asia/Tokyo" in talk.press("Tokyo")


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("time 25", "no time of day"),
        ("digest sometimes", "always, unusual or weekly"),
        ("quiet late", "quiet hours like"),
        ("quiet 7-7", "quiet hours like"),
        ("budget many", "no number of alerts"),
        ("budget 5000", "0 to 1000"),
        ("timezone +3", "name a city"),
        ("charts", "light or dark"),
        ("charts black", "light or dark"),
        ("theme dark please", "light or dark"),
        ("xyzzyplugh", "/settings timezone Berlin"),
    ],
)
def test_what_cannot_be_is_said_kindly_and_changes_nothing(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/settings {said}")
    assert kept(talk) == AlertSettings()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "action", ["set", "set:luck", "set:luck:1", "set:digest", "set:time:1830:x", "settings:1", "set::", "set:theme"]
)
def test_a_forged_button_is_stale(talk: Talk, action: str) -> None:
    assert "older version" in talk.send(action)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "action", ["set:time:9999", "set:timezone:Mars/Base", "set:quiet:x", "set:budget:-1", "set:theme:#10161d"]
)
def test_a_forged_value_is_refused(talk: Talk, action: str) -> None:
    talk.send(action)
    assert kept(talk) == AlertSettings()


def test_in_a_group_only_admins_change_settings(talk: Talk) -> None:
    assert "only its admins" in talk.member().say("/settings timezone Berlin")
    assert "only its admins" in talk.member().send("set:budget:5")
    assert "only its admins" in talk.member().send("set:theme:dark")
    assert kept(talk) == AlertSettings()


@pytest.mark.parametrize(("north", "east", "zone"), [(52.5, 13.4, "Europe/Berlin"), (40.7, -74.0, "America/New_York")])
def test_a_place_on_the_map_sets_the_clock(talk: Talk, north: float, east: float, zone: str) -> None:
    assert zone in conversation.at_place(talk.chat, north, east).text
    assert kept(talk).timezone == zone


@pytest.mark.sqlite
@pytest.mark.parametrize(("north", "east"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0)])
def test_a_place_that_is_none_is_said_kindly(talk: Talk, north: float, east: float) -> None:
    assert "name a city" in conversation.at_place(talk.chat, north, east).text
    assert kept(talk) == AlertSettings()


def test_a_bare_digest_explains_itself(talk: Talk) -> None:
    assert "always, unusual or weekly" in talk.say("/settings digest")


@pytest.mark.sqlite
def test_every_zone_fits_on_a_button() -> None:
    import zoneinfo

    names = tuple(sorted(zoneinfo.available_timezones()))
    rows = zones(names)
    assert all(len(one.action.encode()) <= MOST_BYTES for row in rows for one in row)


def test_an_expert_gets_all_the_numbers_until_plain_words_are_wanted_again(talk: Talk) -> None:
    plain = talk.say("AAPL")
    assert "Quantiles" not in plain
    talk.say("/settings")
    assert "with all figures" in talk.press("More figures")
    assert talk.say("AAPL") == plain, "what is seen first stays plain"
    expert = talk.press("Details")
    assert re.search(r"Quantiles: 5\s% \$[0-9.]+, 25\s% .+, 95\s% \$[0-9.]+\.", expert)
    assert re.search(r"Volatility, a year: [0-9.]+\s% of late, [0-9.]+\s% over the year before\.", expert)
    assert re.search(r"Skill against the plain rule: .+ \(95\s% interval .+ to .+\)\.", expert), "how sure it is"
    assert "plain words" in talk.say("/settings wording plain")
    talk.say("AAPL")
    assert "Quantiles" not in talk.press("Details")
    assert "plain or expert" in talk.say("/settings wording verbose")


# ---- dark charts


def theme_of(talk: Talk) -> str:
    """Of the chart that is shown."""
    assert talk.shown.chart is not None
    (theme,) = set(talk.shown.chart.key.split(":")) & set(get_args(Theme))
    return theme


def test_charts_become_dark_and_light_again_by_one_tap_each(talk: Talk) -> None:
    assert "Charts: light" in talk.say("/settings")
    assert "Charts: dark" in talk.press("Dark charts")
    assert talk.notice == "Changed."
    assert "Dark charts" not in talk.labels
    assert "Charts: light" in talk.press("Light charts")
    assert kept(talk) == AlertSettings()


def test_word_of_storms_is_wished_by_a_tap_under_what_they_are_and_given_up_by_one(talk: Talk) -> None:
    assert "Storms" not in talk.say("/settings")
    assert "days on which my ranges of all stocks hold too rarely" in talk.press("Storms")
    assert "Storms, when ranges of all stocks hold too rarely" in talk.press("Tell me of storms")
    assert kept(talk).storms
    talk.press("Storms")
    assert "Storms" not in talk.press("No word of storms")
    assert kept(talk) == AlertSettings()


def test_word_of_storms_can_be_typed(talk: Talk) -> None:
    talk.say("/settings storms on")
    assert kept(talk).storms
    assert "on or off" in talk.say("/settings storms perhaps")
    talk.say("/settings storm off")
    assert not kept(talk).storms


def test_a_theme_is_its_chats_alone_and_lasts(talk: Talk) -> None:
    talk.say("/settings charts dark")
    talk.say("/settings Berlin")
    talk.say("AAPL")
    assert theme_of(talk) == "dark"
    group = Talk(talk.services, -1002002)
    group.say("AAPL")
    assert theme_of(group) == "light"


@given(st.text(max_size=30).filter(lambda text: text.lower() not in get_args(Theme)))
@pytest.mark.sqlite
def test_no_other_word_is_a_theme(text: str) -> None:
    with pytest.raises(BadRule, match="light or dark"):
        changed(AlertSettings(), "theme", text)


@pytest.mark.sqlite
def test_the_charts_of_an_older_database_are_light(talk: Talk) -> None:
    talk.say("/settings wording expert")
    with talk.services.store.transaction() as db:
        db.execute("ALTER TABLE alert_settings DROP COLUMN theme")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'chosen_theme'")
    later = store_at(talk.services.store.path)
    assert chat_wishes.preferences(later, CHAT) == Preferences(expert=True)
    later.close()


@pytest.mark.sqlite
def test_an_answer_reads_what_a_chat_prefers_once(services: Services) -> None:
    """Each read is a transaction: a forecast has one more, for its watch button."""

    class CountingStore(SqliteStore):
        reads = 0

        def reading(self):  # type: ignore[no-untyped-def]
            self.reads += 1  # a glance is one, too
            return super().reading()

    store = CountingStore(services.store.path)
    talk = Talk(replace(services, store=store))
    talk.say("/settings charts dark")
    counted = {}
    for said in ("AAPL", "/compare AAPL MSFT", "/asof 2020-03-02 AAPL", "/growth AAPL", "/help"):
        talk.say(said)  # whatever is only looked up once
        store.reads = 0
        talk.say(said)
        counted[said] = store.reads
    assert counted == dict.fromkeys(counted, 1) | {"AAPL": 2}
    store.close()


@pytest.mark.sqlite
def test_without_the_database_a_forecast_comes_in_plain_words_and_light(services: Services, tmp_path: Path) -> None:
    whole = Talk(services)
    plain = whole.say("AAPL")
    whole.say("/settings wording expert")
    whole.say("/settings charts dark")
    broken = Talk(replace(services, store=store_at(tmp_path)))  # a folder is no file
    assert broken.say("AAPL").splitlines()[0] == plain.splitlines()[0]
    assert "Quantiles" not in broken.say("AAPL")
    assert theme_of(broken) == "light"
    assert "can't reach my notes" in broken.say("/settings charts dark")
