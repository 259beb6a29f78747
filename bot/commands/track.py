"""/track: how the forecasts that were issued turned out, of all symbols or of one."""

from html import escape

from bellwether.ask import forecasts
from bellwether.core.errors import AmbiguousSymbol, UnknownSymbol
from bellwether.core.i18n.translate import N_, ngettext
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import SkillVerdict
from bellwether.forecasting import sentences as price_sentences
from bellwether.services import Services
from bellwether.track_record.scores import sentences
from bellwether.track_record.scores.types import Miss, TrackRecord
from bot.commands.base import ChatContext, Command, Given, Press
from bot.commands.clarify import ask_back
from bot.keyboards import meaning
from bot.replies import Pressed, Reply

_MISSES = 3
_IN_PLAIN_WORDS = {
    SkillVerdict.TOO_EARLY: N_("That is too little to judge by."),
    SkillVerdict.BETTER: N_("All in all they beat a plain rule which knows only the recent swings, by more than luck."),
    SkillVerdict.WORSE: N_(
        "All in all they did worse than a plain rule which knows only the recent swings, by more than luck."
    ),
    SkillVerdict.UNDECIDED: N_("All in all they can't be told from a plain rule which knows only the recent swings."),
}


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The record of everything, or of what is named."""
    if not text.strip():
        return _track(services, None, _("all symbols"))
    try:
        one = forecasts.resolve(services, text)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, "track:{}")
    return _track(services, one.symbol, one.name)


def _track(services: Services, symbol: str | None, name: str) -> Reply:
    record = forecasts.track_record(services, symbol=symbol)
    return Reply(record_text(record, name), buttons=((meaning(),),))


def record_text(record: TrackRecord, name: str) -> str:
    """A record for a chat: what held in plain words, then the figures. HTML; honest about an empty one."""
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
            f"• {price_sentences.span(one.horizon)}: {escape(sentences.judged(one.score))}" for one in record.by_horizon
        ),
    ]
    if record.misses:
        parts.append("\n".join([_("The biggest misses:"), *(_miss(miss) for miss in record.misses[:_MISSES])]))
    parts += [f"{escape(standing.model_id)}: {escape(_(standing.standing.value))}." for standing in record.standings]
    return "\n\n".join(part for part in (*parts, f"<i>{price_sentences.NOT_ADVICE}</i>") if part)


def _miss(one: Miss) -> str:
    return ngettext(
        "• {symbol} from {day}, {count} day: it moved {growth}, the 9-in-10 range was {low} to {high}",
        "• {symbol} from {day}, {count} days: it moved {growth}, the 9-in-10 range was {low} to {high}",
        one.horizon,
    ).format(
        symbol=escape(one.symbol),
        day=price_sentences.day(one.cutoff),
        count=one.horizon,
        growth=price_sentences.signed_percent(one.growth),
        low=price_sentences.signed_percent(one.low),
        high=price_sentences.signed_percent(one.high),
    )


def _press(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=_track(services, given.symbol(), given.symbol()))


COMMAND = Command("track", N_("[SYMBOL]"), N_("how earlier forecasts turned out"), answer, {"track": Press(_press)})
