"""The alerts that a sentence asks for: "if Tesla falls below 150 or Nvidia rises 5 %" asks for two. Pure.

words | parted at "and" and "or", and after a threshold that another follows
      | a part without a threshold takes that of the next, else of the one before; one without a stock those before it
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bellwether.core.alert_types import Direction, RuleKind
from bot.understand.cues import Scores, scores
from bot.understand.entities import PERCENT, PRICE, STOCK, Entities
from bot.understand.language import Language
from bot.understand.meaning import Intent

_AMOUNTS = frozenset({PERCENT, PRICE})


@dataclass(frozen=True, slots=True)
class Clause:
    """One alert of a sentence."""

    stocks: tuple[str, ...]  #: one, or none where the stock is that of a question before
    kind: RuleKind | None
    direction: Direction | None
    amount: str  #: the threshold, as `Request` has it
    watch: bool = False  #: it is no alert: the stock shall be watched, "watch Tesla and tell me when Nvidia falls 5 %"


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A run of words, with the stocks and amounts in it."""

    words: tuple[str, ...]
    stocks: tuple[str, ...]
    amounts: tuple[str, ...]


def alert_terms(found: Entities, read: Scores) -> tuple[RuleKind | None, Direction | None, str]:
    """What an alert looks at, on which side, and its threshold as it was written."""
    marks = read.marks
    sign = (found.percent or found.price)[:1]
    up, down = "up" in marks or sign == "+", "down" in marks or sign == "-"
    if found.percent:
        direction = Direction.ABOVE if up else Direction.BELOW if down else None  # which way was perhaps not said
        return (
            RuleKind.MOVE,
            Direction.EITHER if "either" in marks or (up and down) else direction,
            found.percent.lstrip("+-"),
        )
    if found.price:
        above, below = "above" in marks, "below" in marks
        if above == below:
            above, below = up, down
        direction = Direction.EITHER if above == below else Direction.ABOVE if above else Direction.BELOW
        return RuleKind.PRICE, direction, found.price.lstrip("+-")
    if "earnings" in marks:
        return RuleKind.EARNINGS, None, ""
    if "unusual" in marks:
        return RuleKind.UNUSUAL, None, ""
    return None, None, ""


def clauses(found: Entities, spoken: Language) -> list[Clause]:
    """The alerts of a sentence that asks for several; none where it asks for no more than one."""
    parts = [(part, *_terms(part, found, spoken)) for part in _parts(found, spoken)]
    stated = [kind for _part, kind, _direction, _amount in parts if kind is not None]
    if not stated and len(found.stocks) > 1:
        return [Clause((stock,), None, None, "") for stock in found.stocks]
    if len(stated) < 2 and len(found.stocks) < 2:
        return []
    asked: list[Clause] = []
    waiting: list[tuple[str, Direction | None]] = []  # stocks whose threshold is still to come
    watched: list[str] = []  # those among them of which it was said
    group: tuple[str, ...] = ()  # those that the last threshold was for
    last: Clause | None = None
    for part, kind, direction, amount in parts:
        if kind is None:
            waiting += [(stock, direction) for stock in part.stocks]
            watched += part.stocks if _is_to_watch(part, found, spoken) else ()
            continue
        if part.stocks:  # what was to be watched has no share in this threshold
            asked += [Clause((stock,), None, None, "", watch=True) for stock in watched]
            waiting = [(stock, side) for stock, side in waiting if stock not in watched]
        watched = []
        own = [*waiting, *((stock, direction) for stock in part.stocks)]
        if not own:
            own = [(stock, direction) for stock in group or ("",)]
        if last is not None and last.kind is kind and direction in {None, Direction.EITHER} and not waiting:
            own = [(stock, last.direction) for stock, _side in own]  # "below 150 or 140"
        for stock, side in own:
            last = Clause((stock,) if stock else (), kind, side if side is not None else direction, amount)
            asked.append(last)
        waiting, group = [], tuple(stock for stock, _side in own if stock)
    if last is not None:  # "5 % on Tesla or Nvidia"
        asked += [replace(last, stocks=(stock,), direction=side or last.direction) for stock, side in waiting]
    return list(dict.fromkeys(asked))


def _parts(found: Entities, spoken: Language) -> Iterator[_Fragment]:
    stocks, amounts = iter(found.named), iter(found.amounts)
    words: list[str] = []
    named: list[str] = []
    sizes: list[str] = []
    for word in found.slotted:
        after_all = bool(sizes) and bool(named) and (word == STOCK or (word in _AMOUNTS and _is_first(words, STOCK)))
        if word in spoken.words["pairs"] or after_all:
            kept = _until_amount(words) if after_all else len(words)
            yield _Fragment(tuple(words[:kept]), tuple(named), tuple(sizes))
            words, named, sizes = words[kept:], [], []
            if not after_all:
                continue
        words.append(word)
        if word == STOCK:
            named.append(next(stocks, ""))
        elif word in _AMOUNTS:
            sizes.append(next(amounts, ""))
    yield _Fragment(tuple(words), tuple(named), tuple(sizes))


def _is_first(words: list[str], slot: str) -> bool:
    """Whether a slot stands before every amount: "Tesla falls 5 %, rises 4 %", not "my 10 Apple fall 5 %"."""
    return next((word == slot for word in words if word == slot or word in _AMOUNTS), False)


def _until_amount(words: list[str]) -> int:
    """How many words stand up to the last stock or amount."""
    return max(at for at, word in enumerate(words) if word == STOCK or word in _AMOUNTS) + 1


def _terms(part: _Fragment, found: Entities, spoken: Language) -> tuple[RuleKind | None, Direction | None, str]:
    """What a part looks at; without a threshold at most the side that it names."""
    alone = _alone(part, found)
    read = scores(alone, spoken, 1)
    kind, direction, amount = alert_terms(alone, read)
    up, down = "up" in read.marks, "down" in read.marks
    if kind is None and up != down:
        direction = Direction.ABOVE if up else Direction.BELOW
    return kind, direction, amount


def _is_to_watch(part: _Fragment, found: Entities, spoken: Language) -> bool:
    """Whether a part asks for a stock to be watched, rather than for an alert."""
    intents = scores(_alone(part, found), spoken, 1).intents
    return intents.get(Intent.WATCH, 0.0) > intents.get(Intent.ALERT, 0.0)


def _alone(part: _Fragment, found: Entities) -> Entities:
    """A part as a sentence of its own."""
    percent = next((amount for amount in part.amounts if amount.endswith("%")), "")
    price = next((amount for amount in part.amounts if not amount.endswith("%")), "")
    return replace(
        found,
        stocks=part.stocks,
        named=part.stocks,
        amounts=part.amounts,
        percent=percent,
        price=price,
        slotted=part.words,
        unknown=(False,) * len(part.words),
        written=part.words,
    )
