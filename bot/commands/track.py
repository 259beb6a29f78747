"""/track: how the forecasts that were issued turned out, of all symbols or of one."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import SkillVerdict
from bellwether.forecasting import sentences as price_sentences
from bellwether.track_record.scores import sentences
from bellwether.track_record.scores.types import Miss, TrackRecord
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.stock_typed import or_ask_back
from bot.keyboards import meaning
from bot.replies import Reply

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
    """Give the track record of all symbols, or of the one that is named."""
    if not text.strip():
        return _track(chat, None, _("all symbols"))

    def of_one() -> Reply:
        instrument = forecasts.resolve(chat.services, text)
        return _track(chat, instrument.symbol, instrument.name)

    return or_ask_back(of_one, "track:{}")


def _track(chat: ChatContext, symbol: str | None, name: str) -> Reply:
    record = forecasts.track_record(chat.services, symbol=symbol)
    return Reply(record_text(record, name), buttons=((meaning(),),))


def record_text(record: TrackRecord, name: str) -> str:
    """Write a record as HTML: what held in plain words, then the figures; or that there is none yet."""
    score = record.score
    if score.coverage_80 is None:
        heading = _("There is no track record of {name} yet.").format(name=escape(name))
        until_then = _("A forecast counts once its time is over; until then nobody can know, and nothing is said.")
        return f"<b>{heading}</b>\n\n{escape(sentences.opening(record))} {until_then}"
    held = _(
        "<b>Of {name}, {share} of my 8-in-10 ranges held</b>, in {forecasts} made in {weeks}: {eighty} is what it "
        "should be."
    ).format(
        name=escape(name),
        share=price_sentences.percent(score.coverage_80),
        forecasts=sentences.forecasts(score.forecasts),
        weeks=sentences.weeks(score.weeks),
        eighty=price_sentences.percent(0.8),
    )
    parts = [
        f"{held} {_(_IN_PLAIN_WORDS[score.verdict])}",
        escape(sentences.opening(record)),
        "\n".join(
            f"• {price_sentences.span(row.horizon)}: {escape(sentences.judged(row.score))}" for row in record.by_horizon
        ),
    ]
    if record.misses:
        parts.append("\n".join([_("The biggest misses:"), *(_miss(miss) for miss in record.misses[:_MISSES])]))
    parts += [f"{escape(standing.model_id)}: {escape(_(standing.standing.value))}." for standing in record.standings]
    return "\n\n".join(part for part in (*parts, f"<i>{price_sentences.NOT_ADVICE}</i>") if part)


def _miss(miss: Miss) -> str:
    return ngettext(
        "• {symbol} from {day}, {count} day: it moved {growth}, the 9-in-10 range was {low} to {high}",
        "• {symbol} from {day}, {count} days: it moved {growth}, the 9-in-10 range was {low} to {high}",
        miss.horizon,
    ).format(
        symbol=escape(miss.symbol),
        day=price_sentences.day(miss.cutoff),
        count=miss.horizon,
        growth=price_sentences.signed_percent(miss.growth),
        low=price_sentences.signed_percent(miss.low),
        high=price_sentences.signed_percent(miss.high),
    )


def _press(chat: ChatContext, given: Given) -> Reply:
    return _track(chat, given.symbol(), given.symbol()) if len(given) else answer(chat, "")


_PRESSES = {"track": Press(_press, (0, 1))}
COMMAND = Command("track", N_("[SYMBOL]"), N_("how earlier forecasts turned out"), answer, _PRESSES)
