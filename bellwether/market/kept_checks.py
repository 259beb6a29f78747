"""A check of bars that cannot change is made once: its result is kept for as long as somebody keeps the bars."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from bellwether.core.types import Bars

Options = ParamSpec("Options")
Result = TypeVar("Result")
_THE_BARS = object()  #: stands for a result that is the bars themselves: held by what is kept, they would stay for good


def kept_with_bars(
    check: Callable[Concatenate[Bars, Options], Result],
) -> Callable[Concatenate[Bars, Options], Result]:
    """A function of sealed bars and hashable options that asks `check` once for each Bars object.

    Other bars of the same symbol, a part of them or the same with another origin are other objects, and are checked
    anew; so are bars that are not sealed, and those of which the check raised. Its result must not hold the bars.
    """
    kept: WeakKeyDictionary[Bars, dict[Any, Any]] = WeakKeyDictionary()

    @wraps(check)
    def checked(bars: Bars, /, *arguments: Options.args, **options: Options.kwargs) -> Result:
        if not bars.is_sealed:
            return check(bars, *arguments, **options)
        results = kept.get(bars)
        if results is None:
            results = kept.setdefault(bars, {})
        asked = (arguments, tuple(options.items()))
        if asked not in results:
            made = check(bars, *arguments, **options)
            results[asked] = _THE_BARS if made is bars else made
        result: Any = results[asked]
        return bars if result is _THE_BARS else result  # type: ignore[return-value]

    return checked
