"""What is answered when it is not clear which instrument is meant: a question, with buttons that go on from there."""

from html import escape

from bellwether.core.errors import AmbiguousSymbol, UnknownSymbol
from bellwether.core.i18n.translate import translated
from bot.keyboards import choices, near_matches
from bot.replies import Reply

Unclear = AmbiguousSymbol | UnknownSymbol


def ask_back(problem: Unclear, action: str) -> Reply:
    """The question back. `action` is what a button sends, with {} for its symbol: "ask:{}:10"."""
    if isinstance(problem, AmbiguousSymbol):
        return Reply(escape(translated(problem.question)), buttons=choices(problem.candidates, action))
    return Reply(escape(problem.for_person), buttons=near_matches(problem.suggestions, action))
