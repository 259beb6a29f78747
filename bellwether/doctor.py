"""Is everything in order, and what to do if not: one line for each part."""

from datetime import timedelta

from bellwether import queries
from bellwether.errors import BellwetherError, StoreError
from bellwether.services import Services
from bellwether.store import outbox
from bellwether.types import Check

RECENT = timedelta(days=7)  #: failures older than this are history
PROBE = "AAPL"  #: what the source of prices is asked for, where it has it


def examine(services: Services) -> list[Check]:
    """Look at the model, the database, the source of prices and the messages owed."""
    return [_model(services), _prices(services), *_database(services)]


def _model(services: Services) -> Check:
    if services.model is None:
        return Check("Model", False, services.model_problem, "Until then answers come from the plain rule, and say so.")
    card = services.model.card
    return Check("Model", True, f"{card.model_id}, made with prices up to {card.seen_to} in view")


def _prices(services: Services) -> Check:
    provider = services.provider
    probe = next((one.symbol for one in provider.universe() if one.symbol == PROBE), None)
    symbol = probe or next(iter(provider.universe())).symbol
    try:
        outlook = queries.outlook(services, queries.resolve(services, symbol))
    except BellwetherError as problem:
        return Check("Prices", False, f"{provider.describe()}: {problem}", "Check the network and market.source.")
    return Check("Prices", True, f"{provider.describe()} answers; {symbol} is known up to {outlook.bars.cutoff}")


def _database(services: Services) -> list[Check]:
    try:
        with services.store.transaction() as db:
            # a write that changes nothing shows whether the file can be written at all
            db.conn.execute("UPDATE chats SET paused = paused WHERE 0")
            owed = outbox.counts(db)
            failed = outbox.failures_since(db, services.clock() - RECENT)
    except StoreError as problem:
        return [Check("Database", False, problem.for_operator, "Forecasts still work; watchlists and digests do not.")]
    told = ", ".join(f"{count} {state}" for state, count in sorted(owed.items())) or "none yet"
    advice = "The column last_error of the table outbox says why." if failed else ""
    return [
        Check("Database", True, f"{services.store.path} can be read and written"),
        Check("Messages", failed == 0, told, advice),
    ]
