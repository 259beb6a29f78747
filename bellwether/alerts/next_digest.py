"""When a chat's next digest comes: for whoever begins again, and wants to know what to expect."""

from datetime import datetime

from bellwether.alerts import subscriptions_table
from bellwether.alerts.digest_decisions import digest_key
from bellwether.alerts.rules.local_time import Rhythm, next_due, open_slots
from bellwether.core.alert_types import AlertSettings
from bellwether.delivery import chat_settings_table, outbox_table
from bellwether.services import Services


def next_digest(services: Services, chat_id: int) -> datetime | None:
    """The instant from which it may come, now where one is open already; None where nothing is watched.

    Raises StoreError.
    """
    now = services.clock()
    with services.store.reading() as db:
        calendars = frozenset(row.calendar for row in subscriptions_table.of_chat(db, chat_id))
        rhythm = Rhythm.of(chat_settings_table.of_chat(db, chat_id), services.settings.alerts)
        still_open = {digest_key(chat_id, slot.session) for slot in open_slots(calendars, now, rhythm)}
        if still_open - outbox_table.owed_among(db, still_open):
            return now
    return next_due(calendars, now, rhythm)


def after_the_close(services: Services, chat_id: int, settings: AlertSettings) -> datetime | None:
    """The instant of the next digest that is still to come; where nothing is watched, of this market's first stock.

    Raises StoreError.
    """
    with services.store.reading() as db:
        calendars = {row.calendar for row in subscriptions_table.of_chat(db, chat_id)}
    calendars = calendars or {instrument.calendar for instrument in services.universe.served[:1]}
    return next_due(frozenset(calendars), services.clock(), Rhythm.of(settings, services.settings.alerts))
