"""What people ask for in a chat."""

from dataclasses import dataclass
from enum import Enum

from bellwether.core.alert_types import Direction, RuleKind
from bot.understand.days import NamedDay


class Intent(Enum):
    """What a message asks for. The values head the sections of the phrase files."""

    HELLO = "hello"  #: a greeting
    THANKS = "thanks"  #: thanks, praise, or a mere "ok"
    BYE = "bye"
    SORRY = "sorry"
    RUDE = "rude"  #: an insult or a curse
    HELP = "help"  #: what the bot can do, and how
    LIST = "list"  #: what the chat watches
    STOP = "stop"  #: nothing more of the bot's own accord
    EMPTY = "empty"  #: the watchlist, emptied
    DELETE = "delete"  #: everything that is kept about the chat, erased
    SETTINGS = "settings"
    FORECAST = "forecast"  #: where one stock may be
    ADVICE = "advice"  #: whether to buy, sell or hold, which the bot never says
    COMPARE = "compare"  #: two to five stocks
    RISK = "risk"  #: the joint range of several stocks, or of the watchlist
    ALERT = "alert"  #: to be told when something happens to a stock
    ALERTS = "alerts"  #: the chat's alerts
    UNALERT = "unalert"  #: to be told no more of one of these, or of any
    WATCH = "watch"
    UNWATCH = "unwatch"
    TRACK = "track"  #: how earlier forecasts turned out, of one stock or of all
    TODAY = "today"  #: what happened in the market after the last session
    WHY = "why"  #: what changed for a stock, and what lies behind it
    GROWTH = "growth"  #: a company's revenue
    REPORT = "report"  #: the day of a company's next report
    TARGETS = "targets"  #: where else alerts and digests go: by mail, to Discord
    EXPLAIN = "explain"  #: what range, chance and track record mean


class Topic(Enum):
    """The part that a request is about. The values stand in the phrase files."""

    RANGE = "range"
    MIDDLE = "middle"  #: outcome
    CHANCE = "chance"  #: of a rise
    CHART = "chart"
    RECORD = "record"
    RULE = "rule"  #: the plain one, which is the model's rival
    VOLATILE = "volatile"
    TICKER = "ticker"
    DAY = "day"  #: of trading
    SELF = "self"  #: of a request for help: who or what answers here
    STORM = "storm"  #: days on which ranges held too rarely
    HELD = "held"  #: how many of 100 ranges held
    HOLDING = "holding"  #: of a question for advice: that somebody owns the stock
    MARKET = "market"  #: of a forecast: all of it, which an index stands for
    DIRECTION = "direction"  #: of a forecast: whether it rises or falls
    TOGETHER = "together"  #: of a comparison: as one list instead of stock by stock
    LOSS = "loss"  #: of a forecast: what may be lost
    NOD = "nod"  #: of thanks: a mere "ok"
    ELSEWHERE = "elsewhere"  #: of an alert or a forecast: that it shall go to mail or an app, too
    MISS = "miss"  #: of a track record: why the last range failed
    SCORE = "score"  #: why held shares alone do not decide
    LIMITS = "limits"  #: what is not known here, and where forecasts fail
    SOURCE = "source"  #: where prices come from
    MINE = "mine"  #: of reports: those of the companies that the chat watches
    PHONE = "phone"  #: of where alerts go: by WhatsApp or SMS, where none do
    LIST = "watched"  #: of an alert: that it shall be for all that is watched
    LAST = "last"  #: of alerts to be removed: the one just made
    ALL = "all"  #: of alerts to be removed: every one


@dataclass(frozen=True, slots=True)
class Request:
    """What a message was understood as."""

    intent: Intent
    stocks: tuple[str, ...] = ()  #: names or symbols as they were written, in their order
    horizon: int | None = None  #: sessions; None where nothing was said of it
    day: NamedDay | None = None  #: until which, where it was named instead of a horizon
    said: str = ""  #: how the horizon or day was said
    beside: str = ""  #: a second horizon of another length, as it was said
    past: str = ""  #: a time that has passed, as it was said, where none to come was
    kind: RuleKind | None = None  #: of an alert: what it looks at
    direction: Direction | None = None  #: of an alert
    amount: str = ""  #: of an alert, as any language reads it: "5%", "250", "120000"; of one to be
    #: removed its number; of what may be lost the money at stake
    money: str = ""  #: of what may be lost: the currency of the amount, where one was said: "USD"
    topic: Topic | None = None  #: where only a part is asked about
    beside_it: tuple["Request", ...] = ()  #: of an alert: others that the same sentence asks for
    follows: bool = False  #: it goes on from what was asked before: with its stock, or, where one is named, its horizon
    language: str = ""  #: the code of the one that settings shall speak
