"""/track: how the forecasts that were issued turned out, of all symbols or of one, of all horizons or of one."""

from dataclasses import replace
from html import escape

from bellwether.ask import forecasts, incidents
from bellwether.core.errors import BadHorizon
from bellwether.core.i18n.numbers import day
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.parsing import parse_horizon
from bellwether.core.types import SkillVerdict, issues_forecasts
from bellwether.forecasting import sentences as price_sentences
from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.universe import Universe
from bellwether.track_record.incidents import sentences as storm_sentences
from bellwether.track_record.misses.sentences import at_reports, by_class
from bellwether.track_record.scores import sentences
from bellwether.track_record.scores.types import GateStatus, HorizonScore, Miss, TrackRecord
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.stock_typed import or_ask_back, split_horizon
from bot.keyboards import meaning
from bot.replies import Button, Pressed, Reply

_MISSES = 3
_IN_PLAIN_WORDS = {
    SkillVerdict.TOO_EARLY: N_("That is too little to judge by."),
    SkillVerdict.BETTER: N_("All in all they beat a plain rule which knows only the recent swings, by more than luck."),
    SkillVerdict.WORSE: N_(
        "All in all they did worse than a plain rule which knows only the recent swings, by more than luck."
    ),
    SkillVerdict.UNDECIDED: N_("All in all they can't be told from a plain rule which knows only the recent swings."),
}


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the track record of all symbols or of the one that is named, and of one horizon where it is named.

    Raises BadHorizon.
    """
    return ask(chat, *_asked(chat.services.universe, text))


def _asked(universe: Universe, text: str) -> tuple[str, int | None]:
    """Return the question and the horizon; "1w" alone is a horizon, "3M" a company."""
    words = " ".join(text.split())
    if is_whole_name(words, universe):
        return words, None
    if words[:1].isdecimal():
        try:
            return "", parse_horizon(words)
        except BadHorizon:  # "700 HK" is a company; "100w" is nothing but too far ahead
            if words[-1] in {"d", "w"} and words[:-1].isdecimal():
                raise
            return words, None
    question, horizon = split_horizon(words)
    return question, horizon if question != words else None


def ask(chat: ChatContext, question: str, horizon: int | None = None) -> Reply:
    """Give it for what was asked; the nearest horizon that has a record for any other, and say so."""
    nearest = nearest_recorded(horizon) if horizon else None

    def of_one() -> Reply:
        instrument = forecasts.resolve(chat.services, question)
        chat.note(instrument.symbol)
        return _track(chat, instrument.symbol, instrument.name, nearest)

    reply = or_ask_back(of_one, "track:{}") if question else _track(chat, None, all_stocks(chat), nearest)
    if nearest is None or nearest == horizon or horizon is None:
        return reply
    lengths = ", ".join(price_sentences.label(sessions) for sessions in price_sentences.HORIZON_LABELS)
    other = _("There is a record of {lengths}; this is the nearest to {asked}.")
    told = other.format(lengths=lengths, asked=price_sentences.label(horizon))
    return replace(reply, text=f"{escape(told)}\n\n{reply.text}")


def nearest_recorded(horizon: int) -> int:
    """Return the horizon with a record that is nearest to one in sessions, the farther of two."""
    return min(price_sentences.HORIZON_LABELS, key=lambda each: (abs(each - horizon), -each))


def _track(chat: ChatContext, symbol: str | None, name: str, horizon: int | None = None) -> Reply:
    record = forecasts.track_record(chat.services, symbol=symbol, horizon=horizon)
    parts = [record_text(record, name, chat.services.universe), "" if symbol else last_storm(chat)]
    return Reply(
        " ".join(filter(None, parts)),  # at the end of the last line: a phone shows eight
        buttons=((Button(_("Details"), _action("record", symbol, horizon)), meaning()),),
    )


def _action(verb: str, symbol: str | None, horizon: int | None) -> str:
    """VERB[:SYMBOL[:SESSIONS]]; of all symbols with a horizon the symbol is empty."""
    if horizon is not None:
        return f"{verb}:{symbol or ''}:{horizon}"
    return f"{verb}:{symbol}" if symbol else verb


def _given(given: Given) -> tuple[str | None, int | None]:
    """Read the symbol and the horizon of an action. Raises StaleButton and BadHorizon."""
    return given.symbol() if given.text(0) else None, given.horizon(1) if given.text(1) else None


def _details(chat: ChatContext, given: Given) -> Pressed:
    """Show the figures in place of the short record, with the way back."""
    symbol, horizon = _given(given)
    record = forecasts.track_record(chat.services, symbol=symbol, horizon=horizon)
    back = Button(_("Short again"), _action("shorttrack", symbol, horizon))
    text = detailed_text(record, _name(chat, symbol), chat.services.universe)
    text = "\n\n".join(filter(None, [text, _where_proved(chat)]))
    return Pressed(edit=Reply(text, buttons=((back, meaning()),)))


def last_storm(chat: ChatContext) -> str:
    """Return the last storm as HTML, and where all of them are listed; empty where there never was one."""
    storms = incidents.every(chat.services).items
    if not storms:
        return ""
    told, url = escape(storm_sentences.in_short(storms[0])), chat.services.settings.web.public_url
    every = _("All storms")
    return f'{told} <a href="{escape(url)}/track-record#storms">{every}</a>' if url else told


def _where_proved(chat: ChatContext) -> str:
    """Where the ledger's head was published; empty where nobody outside can read it."""
    address = chat.services.settings.proof.channel_address
    head = forecasts.published_head(chat.services) if address else None
    if head is None or not head.message_key:
        return ""
    message = _("Where the list of my forecasts ended on {day} stands in {address}, so that a later change would show.")
    return message.format(day=day(head.published_at.date()), address=escape(address))


def record_text(record: TrackRecord, name: str, universe: Universe) -> str:
    """Write a record as HTML in at most eight lines: what held, of each horizon too, why not, and the biggest miss.

    The universe knows the companies' names.
    """
    if record.score.coverage_80 is None:
        return _nothing_yet(record, name)
    lines = [_judged(record, name)]
    basis = [f"{sentences.SIMULATED}"] if record.simulated else []
    basis += [_standing(standing) for standing in record.standings]
    if any(row.score.baseline_coverage_80 is not None for row in record.by_horizon):
        basis.append(_("Beside my shares stand those of the plain rule, ranges made of the recent swings alone:"))
    lines += [" ".join(basis)] if basis else []
    lines += [_of_horizon(row) for row in record.by_horizon]
    biggest = _("The biggest miss, measured by the width of its range:")
    told = [escape(at_reports(record.why_missed.pooled))] if record.why_missed else []
    told += [f"{biggest} {miss_sentence(miss, universe)}." for miss in record.biggest_misses(1)]
    lines += [" ".join(filter(None, told))] if any(told) else []
    return "\n".join(lines)


def detailed_text(record: TrackRecord, name: str, universe: Universe) -> str:
    """Write a record as HTML with all its figures, as `record_text`; or that there is none yet."""
    if record.score.coverage_80 is None:
        return _nothing_yet(record, name)
    parts = [
        _judged(record, name),
        escape(sentences.opening(record)),
        "\n".join(
            f"• {price_sentences.span(row.horizon)}: {escape(sentences.judged(row.score))}" for row in record.by_horizon
        ),
    ]
    if record.why_missed and record.why_missed.pooled.misses:
        parts.append(escape("\n".join([by_class(record.why_missed.pooled), at_reports(record.why_missed.pooled)])))
    if record.misses:
        misses = [f"• {miss_sentence(miss, universe)}" for miss in record.biggest_misses(_MISSES)]
        parts.append("\n".join([_("The biggest misses, measured by the width of their range:"), *misses]))
    parts += [_standing(standing) for standing in record.standings]
    return "\n\n".join([*parts, f"<i>{price_sentences.NOT_ADVICE}</i>"])


def _nothing_yet(record: TrackRecord, name: str) -> str:
    heading = _("There is no track record of {name} yet.").format(name=escape(name))
    until_then = _("A forecast counts once its time is over; until then nobody can know, and nothing is said.")
    return f"<b>{heading}</b>\n\n{escape(sentences.opening(record))} {until_then}"


def _of_horizon(row: HorizonScore) -> str:
    if row.score.coverage_80 is None or row.score.baseline_coverage_80 is None:
        return f"• {price_sentences.label(row.horizon)}: {sentences.judged(row.score)}"
    return _("• {horizon}: {share} held; the plain rule's: {rule}").format(
        horizon=price_sentences.label(row.horizon),
        share=price_sentences.percent(row.score.coverage_80),
        rule=price_sentences.percent(row.score.baseline_coverage_80),
    )


def _judged(record: TrackRecord, name: str) -> str:
    """What held, what that is worth, and why where the plain rule's held more often."""
    score = record.score
    why = _("A wider range holds more often but tells less: the score counts both.")
    parts = (
        _held(record, name),
        sentences.without_evenings(score),
        _(_IN_PLAIN_WORDS[score.verdict]),
        sentences.in_figures(score),
        why if _says_otherwise(record) else "",
    )
    return " ".join(filter(None, parts))


def _says_otherwise(record: TrackRecord) -> bool:
    """Tell whether more ranges of the plain rule held in any of the shares that are shown, though its score is worse.

    Or fewer of them where its score is better.
    """
    verdict = record.score.verdict
    if verdict not in {SkillVerdict.BETTER, SkillVerdict.WORSE}:
        return False
    shown = [
        price_sentences.per_hundred(score.coverage_80) - price_sentences.per_hundred(score.baseline_coverage_80)
        for score in (record.score, *(row.score for row in record.by_horizon))
        if score.coverage_80 is not None and score.baseline_coverage_80 is not None
    ]
    return any(more < 0 if verdict is SkillVerdict.BETTER else more > 0 for more in shown)


def _held(record: TrackRecord, name: str) -> str:
    score = record.score
    assert score.coverage_80 is not None
    text = _(
        "<b>Of {name}, {share} of my 8-in-10 ranges held</b>, in {forecasts} up to a month ahead, made in {weeks}: "
        "{eighty} is what it should be."
    )
    if record.horizon is not None:
        text = _(
            "<b>Of {name}, {share} of my 8-in-10 ranges {horizon} ahead held</b>, in {forecasts}, made in {weeks}: "
            "{eighty} is what it should be."
        )
    return text.format(
        name=escape(name),
        share=price_sentences.percent(score.coverage_80),
        horizon=price_sentences.label(record.horizon) if record.horizon is not None else "",
        forecasts=sentences.forecasts(score.forecasts),
        weeks=sentences.weeks(score.weeks),
        eighty=price_sentences.percent(0.8),
    )


def _standing(standing: GateStatus) -> str:
    return f"{escape(standing.model_id)}: {escape(_(standing.standing.value))}."


def miss_sentence(miss: Miss, universe: Universe) -> str:
    """Write a miss as HTML: of what and how far ahead, the move that came, and the 9-in-10 range."""
    known = universe.get(miss.symbol)
    message = _("{name}, {horizon} ahead from {day}: it moved {growth}, the 9-in-10 range was {low} to {high}")
    return message.format(
        name=f"{escape(known.name)} ({escape(miss.symbol)})" if known else escape(miss.symbol),
        day=price_sentences.day(miss.cutoff),
        horizon=price_sentences.label(miss.horizon),
        growth=price_sentences.signed_percent(miss.growth),
        low=price_sentences.signed_percent(miss.low),
        high=price_sentences.signed_percent(miss.high),
    )


def _press(chat: ChatContext, given: Given) -> Reply:
    symbol, horizon = _given(given)
    return _track(chat, symbol, _name(chat, symbol), horizon)


def _name(chat: ChatContext, symbol: str | None) -> str:
    if symbol is None:
        return all_stocks(chat)
    known = chat.services.universe.get(symbol)
    return known.name if known else symbol


def all_stocks(chat: ChatContext) -> str:
    """Name all stocks of the record; those of a replay are fewer than the model was tested on."""
    return _("all stocks") if issues_forecasts(chat.services.provider.name) else _("all stocks here")


def _short(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=_press(chat, given))


_PRESSES = {
    "track": Press(_press, (0, 1, 2)),
    "record": Press(_details, (0, 1, 2)),
    "shorttrack": Press(_short, (0, 1, 2)),
}
COMMAND = Command("track", N_("[TICKER] [1w]"), N_("how earlier forecasts turned out"), answer, _PRESSES, often=True)
