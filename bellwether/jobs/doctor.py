"""Is everything in order, and what to do if not: one line for each part."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bellwether.alerts import missed_digests_table
from bellwether.ask import forecasts
from bellwether.ask.point_in_time import market_until
from bellwether.core.config import FILE_VARIABLE, Settings, config_file
from bellwether.core.connections import faults_for
from bellwether.core.errors import (
    BellwetherError,
    ModelError,
    NewerDatabase,
    SourceError,
    StoreError,
    Trouble,
    UnfinishedImport,
    UpgradeFailed,
)
from bellwether.core.places import COMMAND
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Check
from bellwether.db.database import Store, try_write
from bellwether.delivery import inbox_table, outbox_admin_table
from bellwether.forecasting.caveats import OLD
from bellwether.jobs.doctor_channels import examine_channels
from bellwether.jobs.doctor_database import backups, encryption
from bellwether.jobs.doctor_hosts import examine_hosts
from bellwether.jobs.doctor_proof import examine_proof
from bellwether.jobs.evening import reads_evening
from bellwether.market.calendar import SETTLING, Basis, basis, last_closed_session, sessions_between
from bellwether.market.earnings.companies import reports_results
from bellwether.market.earnings.known import next_day
from bellwether.market.earnings.provider import KeptReports
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import kept_state, remote
from bellwether.market.symbols.universe import Universe, calendars
from bellwether.market.yahoo.source import YahooSource
from bellwether.models.model_card import GROWTH, RANGE, ModelCard
from bellwether.models.registry import looked_in
from bellwether.services import Services
from bellwether.track_record.ledger import verified_table

RECENT = timedelta(days=7)  #: failures older than this are history
PROBE = "AAPL"  #: what the source of prices is asked for, where it has it
_WAIT = "Nothing to do: what is kept answers meanwhile, and it is asked again by itself."
_NETWORK = "Check the network, the firewall and market.yahoo_base_url; what is kept answers meanwhile."
_VERSION = "A proxy may answer in its place, or it has changed: look for a newer version of Bellwether."
_ONLY_THIS = "It answers, so other symbols may be all right; if every symbol says so, look for a newer version."
_REFRESH = (
    f"Its knowledge is over a year old. `{COMMAND} market export` and `python -m training renew` make a fresh one, and "
    f"`{COMMAND} models compare` judges it."
)
_ADVICE = {
    Trouble.LIMITED: f"This address asks too often; lower market.connections if it stays so. {_WAIT}",
    Trouble.REFUSED: "It may have blocked this address: try another network, or set market.fallbacks.",
    Trouble.FAILING: _WAIT,
    Trouble.SILENT: _NETWORK,
    Trouble.CUT_OFF: _NETWORK,
    Trouble.PAGE: _VERSION,
    Trouble.GARBLED: _VERSION,
    Trouble.RESTING: _WAIT,
    **dict.fromkeys((Trouble.DAMAGED, Trouble.DAMAGED_STATEMENTS, Trouble.DAMAGED_SEARCH), _ONLY_THIS),
}


def examine(services: Services) -> list[Check]:
    """Look at the models, the database, the source of prices and the messages owed."""
    settings, store, now = services.settings, services.store, services.clock()
    database = examine_database(store, now)
    return [
        _places(settings),
        _model(services, now.date()),
        *_prices(services),
        *_reports(services),
        *_evening(services),
        _calendars(now.year),
        _connections(settings),
        *database,
        *examine_hosts(store, settings, now),
        *encryption(settings, store, opened=database[0].ok),
        *(examine_channels(settings, store) if database[0].ok else ()),
        *(examine_proof(settings, store, now) if database[0].ok else ()),
        _growth(services),
    ]


def written(check: Check) -> str:
    """A check as a line: what was found, then what to do, each a sentence where there are two."""
    detail = check.detail if not check.advice or check.detail.endswith((".", "!", "?")) else f"{check.detail}."
    return f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {detail} {check.advice}".rstrip()


def _places(settings: Settings) -> Check:
    """Where everything is: what runs may have been started from any folder."""
    file = config_file()
    read = str(file.absolute()) if file is not None else f"none here nor in {FILE_VARIABLE}, so the defaults"
    detail = f"settings: {read}; data: {settings.database.path.absolute()}; models: {settings.models.folder.absolute()}"
    return Check("Places", True, detail)


def _model(services: Services, today: date) -> Check:
    if services.model is None:
        detail = f"{services.model_problem} {looked_in(services.settings.models.folder, RANGE)}"
        return Check("Model", False, detail, "Until then answers come from the plain rule, and say so.")
    card = services.model.card
    advice = _REFRESH if _is_old(card, today) else ""
    return Check("Model", True, f"{card.model_id}, made with prices up to {card.seen_to} in view.", advice)


def _is_old(card: ModelCard, today: date) -> bool:
    """Whether a fresh model is due. An old one still answers: its record tells how well, so this is no fault."""
    return today - card.seen_to > OLD


def _growth(services: Services) -> Check:
    try:
        card = services.growth.served().card
    except ModelError as problem:
        detail = f"{problem} {looked_in(services.settings.models.folder, GROWTH)}"
        return Check("Growth model", False, detail, "Until then there are no forecasts of companies' revenue.")
    return Check("Growth model", True, f"{card.model_id}, made with reports up to {card.seen_to} in view")


def _prices(services: Services) -> list[Check]:
    """Whether the source answers and what is kept of it; for a market on this machine, whether it can be read."""
    provider = remote(services.provider)
    if provider is not None:
        fallbacks = services.settings.market.fallbacks
        return [_source(provider, fallbacks), _kept(provider, services.universe, services.clock())]
    market = services.provider
    known = [instrument.symbol for instrument in market.universe()]
    if not known:
        return [Check("Prices", False, f"There are no prices in {market.describe()}.", "Check market.file.")]
    symbol = PROBE if PROBE in known else known[0]
    try:
        outlook = forecasts.outlook(services, forecasts.resolve(services, symbol))
    except BellwetherError as problem:
        return [Check("Prices", False, f"{market.describe()}: {problem}", "Check market.source and market.file.")]
    detail = f"{market.describe()} answers; {symbol} is known up to {outlook.bars.cutoff}"
    beside = zip(MARKET_SERIES, market_until(market, outlook.bars.cutoff), strict=False)  # the universe's follow
    missing = " and ".join(series for series, bars in beside if bars is None)
    return [Check("Prices", True, detail, f"The model also reads {missing}: not in these prices." if missing else "")]


def _source(provider: CachedProvider, fallbacks: Sequence[str]) -> Check:
    """Ask it, whatever is kept."""
    others = f" {', then '.join(fallbacks)} is asked when it does not answer." if fallbacks else ""
    try:
        cutoff = provider.probe(PROBE)
    except BellwetherError as problem:
        advice = _ADVICE[problem.trouble] if isinstance(problem, SourceError) else "Ask again later."
        return Check("Prices", False, f"{problem} Just now: {provider.asker.state.value}.{others}", advice)
    faults = provider.source.faults() if isinstance(provider.source, YahooSource) else []
    if faults:
        return Check("Prices", False, " ".join(faults), "Install the versions that requirements.txt pins.")
    return Check("Prices", True, f"{provider.describe()} answers; {PROBE} is there up to {cutoff}.{others}")


def _kept(provider: CachedProvider, universe: Universe, now: datetime) -> Check:
    """How much is kept and how old it is."""
    asked = provider.all_asked()
    if not asked:  # or the database cannot be read, which has a line of its own
        return Check("Kept prices", True, "none", f"{COMMAND} market refresh fetches them.")
    newest = max(series.at for series in asked)
    behind = sum(series.until < last_closed_session(series.instrument.calendar, now - SETTLING) for series in asked)
    detail = f"{len(asked)} symbols, last asked for {_ago(now - newest)}; {behind} lack their last session"
    served = sum(universe.serves(series.instrument.symbol) for series in asked)
    if behind and now - newest > timedelta(days=4):
        return Check("Kept prices", False, detail, f"{COMMAND} market refresh fetches what is missing.")
    return Check("Kept prices", True, f"{detail}; of {len(universe)} served every session {served} are kept")


def _reports(services: Services) -> list[Check]:
    """Of how many companies the next day of reports is known, and whether the source of these days answers."""
    reports, today = services.reports, services.clock().date()
    companies = [instrument for instrument in services.universe if reports_results(instrument)]
    known = [facts for company in companies if (facts := reports.known(company, today))]
    ahead = sum(next_day(facts, today - timedelta(days=1)) is not None for facts in known)
    detail = f"the next day is known of {ahead} of {len(companies)} companies, earlier ones of {len(known)}"
    if not isinstance(reports, KeptReports):
        return [Check("Reports", True, detail)] if known else []
    try:
        answered, newest = reports.asked()
    except StoreError:  # which has a line of its own
        return []
    asked = f"last answered {_ago(services.clock() - newest)}, of {answered}" if newest is not None else "not asked yet"
    provider = remote(services.provider)
    if provider is None or provider.asker.state is not BreakerState.CLOSED:  # the line of the prices says why
        return [Check("Reports", True, f"{detail}; {asked}")]
    try:
        reports.probe(PROBE)
    except SourceError as problem:
        return [Check("Reports", False, f"{problem} {detail.capitalize()}; {asked}.", _ADVICE[problem.trouble])]
    return [Check("Reports", True, f"{detail}; {asked}")]


def _evening(services: Services) -> list[Check]:
    """How far the state of the universe is known, where forecasts are made of it; a market on this machine ends."""
    state, now = kept_state(services.provider), services.clock()
    if state is None or not reads_evening(services):
        return []
    newest = last_closed_session(MARKET_CALENDAR, now - SETTLING)
    (series, _) = state.until(newest)
    advice = "It is done once prices of most shares are in; until then forecasts do without, and say so."
    if series is None:
        return [Check("Evenings", True, "none is worked out yet", advice)]
    ok = sessions_between(MARKET_CALENDAR, series.cutoff, newest) <= 1
    return [Check("Evenings", ok, f"worked out up to {series.cutoff}", "" if ok else advice)]


def _calendars(year: int) -> Check:
    """Whether every trading calendar can be built for this year and the next."""
    rests = {calendar: basis(calendar, year - 1, year + 1) for calendar in calendars()}
    broken = [calendar for calendar, on in rests.items() if on is Basis.BROKEN]
    if broken:
        return Check(
            "Calendars",
            False,
            f"{', '.join(broken)} cannot be built; Monday to Friday without holidays is taken.",
            "Install the versions that requirements.txt pins: pip install -r requirements.txt.",
        )
    expected = [calendar for calendar, on in rests.items() if on is Basis.EXPECTED]
    unrecorded = f"; not all holidays up to {year + 1} are recorded yet for {', '.join(expected)}" if expected else ""
    return Check("Calendars", True, f"{len(rests)} can be built{unrecorded}")


def _connections(settings: Settings) -> Check:
    """Whether the environment's proxies and certificates let everything connect."""
    wrong = faults_for(settings)
    if not wrong:
        return Check("Connections", True, "proxies and certificates of the environment can be used")
    return Check(
        "Connections", False, " ".join(str(fault) for fault in wrong), "The parts concerned are out till then."
    )


def _ago(age: timedelta) -> str:
    """A stretch of time in words: "3 hours ago"."""
    if age < timedelta(hours=-1):
        return "at a time that is yet to come, since a clock was wrong"
    hours = int(age / timedelta(hours=1))
    return "within the hour" if hours < 1 else f"{hours} hours ago" if hours < 48 else f"{age.days} days ago"


def examine_database(store: Store, now: datetime) -> list[Check]:
    """Whether the database can be used, what its upgrades left, and what is owed."""
    try:
        with store.transaction() as db:
            try_write(db)
            version = db.version()
            owed = outbox_admin_table.counts(db)
            failed = outbox_admin_table.failures_since(db, now - RECENT)
            unwritten = missed_digests_table.since(db, now - RECENT)
            aside = inbox_table.count_set_aside(db, now - RECENT)
            proof = verified_table.last(db)
        store.check_space(by_writing=True)
    except (NewerDatabase, UnfinishedImport, UpgradeFailed) as problem:
        return [Check("Database", False, problem.for_operator, "The service does not start with it.")]
    except StoreError as problem:
        return [Check("Database", False, problem.for_operator, "Forecasts still work; watchlists and digests do not.")]
    told = ", ".join(f"{count} {state}" for state, count in sorted(owed.items())) or "none yet"
    advice = f"{COMMAND} outbox list tells why, outbox retry and outbox drop what next." if failed else ""
    return [
        Check("Database", True, f"{store.name} can be read and written; it is of Bellwether {version}"),
        *backups(store),
        Check("Messages", failed == 0, told, advice),
        *([_proved(proof, now)] if proof else []),
        *([_missed(unwritten)] if unwritten else []),
        *([_set_aside(aside)] if any(aside.counts.values()) else []),
    ]


def _proved(proof: verified_table.LastProof, now: datetime) -> Check:
    """What the daily proof of the ledger said; a new one would take as long as the ledger is."""
    when = f"proved {_ago(now - proof.at)}"
    if proof.whole:
        return Check("Ledger", True, f"{when}: every row is what was written")
    advice = f"Keep the database and its backups as they are; {COMMAND} ledger verify says which rows and what next."
    return Check("Ledger", False, f"{when}: a row is not what was written.", advice)


def _missed(digests: dict[date, int]) -> Check:
    """Digests that were never written in the last days."""
    days = ", ".join(f"{count} after {session}" for session, count in digests.items())
    return Check(
        "Digests",
        False,
        f"never written, since nothing ran while they were fresh: {days}",
        "They are too old to be sent. alerts.heartbeat_url lets somebody notice the next time.",
    )


def _set_aside(aside: inbox_table.SetAside) -> Check:
    """What Telegram brought in the last days and nobody answered. No failure: what one person sends may cause it."""
    told = ", ".join(f"{count} {why.value}" for why, count in aside.counts.items() if count)
    newest = f" The newest: {aside.newest}." if aside.newest else ""
    return Check(
        "Updates",
        True,
        f"set aside without an answer in the last {RECENT.days} days: {told}.{newest}",
        "Everybody else is answered. A newer version may read them: at each start those of the last day are tried.",
    )
