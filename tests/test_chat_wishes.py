"""How a chat wants to be told is read in one place, for whoever writes to it."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from bellwether.core.alert_types import AlertSettings, QuietHours
from bellwether.core.i18n.translate import ENGLISH, spoken
from bellwether.delivery import chat_settings_table, chats_table
from bellwether.delivery.chat_wishes import ChatWishes
from tests.support.database import store_at

ANN, BEN, CEM = 7, 8, 9
NIGHT = datetime(2021, 7, 1, 21, 30, tzinfo=UTC)  # 23:30 in Berlin
PRESENT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # `NIGHT` is rehearsed: this is when


def test_language_settings_and_quiet_hours_are_those_that_the_chat_chose_or_the_defaults(tmp_path: Path) -> None:
    wanted = AlertSettings(timezone="Europe/Berlin", quiet=QuietHours(time(23), time(7)), weekly_budget=2)
    with store_at(tmp_path / "wishes.sqlite3").transaction() as db:
        chats_table.join(db, ANN, "de", PRESENT)
        chat_settings_table.save(db, ANN, wanted)
        chats_table.join(db, BEN, "pt", PRESENT)
        chat_settings_table.save(db, BEN, AlertSettings(language="es"))
        wishes = ChatWishes.read(db)

    assert wishes.settings(ANN) == wanted
    assert wishes.settings(CEM) == AlertSettings(), "nobody whom we know"
    told = {}
    for chat_id in (ANN, BEN, CEM):
        with wishes.speaking(chat_id):
            told[chat_id] = spoken()
    assert told == {ANN: "de", BEN: "es", CEM: ENGLISH}, "as Telegram told; as it was chosen; unknown"
    assert wishes.begin(ANN, NIGHT, PRESENT) == PRESENT + timedelta(hours=7, minutes=30), "at seven in Berlin"
    assert wishes.begin(ANN, NIGHT - timedelta(hours=1), PRESENT) == PRESENT, "before they begin"
    assert wishes.begin(BEN, NIGHT, PRESENT) == PRESENT, "it has none"
