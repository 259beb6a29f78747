"""How near a misspelt word is to what it may be meant for."""

from collections.abc import Collection

from rapidfuzz import fuzz, process


def nearest(word: str, choices: Collection[str], enough: float, limit: int) -> list[tuple[str, float]]:
    """The choices with the word's first letter that it nearly is, the nearest first; `enough` is 0 to 100."""
    near = process.extract(word, choices, scorer=fuzz.ratio, score_cutoff=enough, limit=limit)
    return [(choice, score) for choice, score, _ in near if choice[0] == word[0]]
