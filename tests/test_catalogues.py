"""The catalogues: every message of the chat is in each of them, translated, and nothing else is."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from bellwether.core.i18n.translate import LANGUAGES
from bot.commands import COMMANDS
from bot.replies import as_text

ROOT = Path(__file__).resolve().parents[1]
OTHERS = [code for code in LANGUAGES if code != "en"]
KEYWORDS = {**DEFAULT_KEYWORDS, "said": None, "said_many": (1, 2)}  #: as in the Makefile
Key = tuple[str | None, str]  #: context, and the message in the form for one

_COMMAND = re.compile(r"(?<![<\w])/[a-z_]+")
_TAG = re.compile(r"</?[a-z]+>")


@cache
def in_code() -> dict[Key, str | tuple[str, ...]]:
    """Every message that the code marks, with its plural where it has one."""
    found: dict[Key, str | tuple[str, ...]] = {}
    for part in ("bellwether", "bot"):
        for _, _, message, _, context in extract_from_dir(
            ROOT / part, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            found[context, message if isinstance(message, str) else message[0]] = message
    return found


@cache
def catalogue(code: str) -> Catalog:
    file = ROOT / "bellwether" / "locale" / code / "LC_MESSAGES" / "bellwether.po"
    with file.open("rb") as source:
        return read_po(source, code, abort_invalid=True)


def entries(code: str) -> list[Message]:
    return [one for one in catalogue(code) if one.id]


def key_of(one: Message) -> Key:
    return one.context, one.id if isinstance(one.id, str) else one.id[0]


def texts(one: Message) -> tuple[str, ...]:
    """The translation, in all its forms."""
    return (one.string,) if isinstance(one.string, str) else tuple(one.string)


def forms_of(one: Message, code: str) -> int:
    """How many forms a translation must have."""
    return catalogue(code).num_plurals if one.pluralizable else 1


def originals(one: Message) -> tuple[str, ...]:
    return (one.id,) if isinstance(one.id, str) else tuple(one.id)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("part", ["bellwether", "bot"])
def test_no_message_is_hidden_within_an_f_string(part: str) -> None:
    """There `pybabel extract` finds it with some versions of Python and not with others."""
    for file in sorted((ROOT / part).rglob("*.py")):
        for outer in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(outer, ast.JoinedStr):
                hidden = [
                    one
                    for one in ast.walk(outer)
                    if isinstance(one, ast.Call)
                    and isinstance(one.func, ast.Name)
                    and one.func.id in KEYWORDS
                    and one.args
                    and isinstance(one.args[0], ast.Constant)
                ]
                assert not hidden, f"{file.relative_to(ROOT)}:{outer.lineno}"


def test_the_code_has_messages() -> None:
    assert len(in_code()) > 300
    assert (None, "") not in in_code()


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_of_the_code_is_in_the_catalogue(code: str) -> None:
    assert in_code().keys() - {key_of(entry) for entry in entries(code)} == set(), "make translations, and translate"


@pytest.mark.parametrize("code", OTHERS)
def test_the_catalogue_has_no_message_that_nobody_says(code: str) -> None:
    assert {key_of(entry) for entry in entries(code)} - in_code().keys() == set(), "make translations"
    assert not catalogue(code).obsolete


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_in_all_its_forms(code: str) -> None:
    open_ones = [
        entry.id
        for entry in entries(code)
        if entry.fuzzy
        or not all(texts(entry))
        or len(texts(entry)) != (catalogue(code).num_plurals if entry.pluralizable else 1)
    ]
    assert open_ones == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_plural_in_the_code_is_one_in_the_catalogue(code: str) -> None:
    for entry in entries(code):
        message = in_code()[key_of(entry)]
        assert entry.pluralizable is isinstance(message, tuple), entry.id
        assert not isinstance(message, tuple) or tuple(message) == tuple(entry.id)


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_placeholders_of_its_message(code: str) -> None:
    for entry in entries(code):
        wanted = set().union(*(placeholders(text) for text in originals(entry)))
        for text in texts(entry):
            assert placeholders(text) == wanted, entry.id


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_commands_and_marks_of_its_message(code: str) -> None:
    for entry in entries(code):
        for text in texts(entry):
            assert sorted(_TAG.findall(text)) == sorted(_TAG.findall(originals(entry)[-1])), entry.id
            assert set(_COMMAND.findall(text)) == set(_COMMAND.findall(originals(entry)[-1])), entry.id
            edges = (text[:1].isspace(), text[-1:].isspace())
            assert edges == (originals(entry)[0][:1].isspace(), originals(entry)[0][-1:].isspace()), entry.id


@pytest.mark.parametrize("code", OTHERS)
def test_no_translation_tells_anybody_to_trade(code: str) -> None:
    forbidden = {
        "es": r"\b(compr|vend)(a|e|ar|er|o|es|as)\b",
        "de": r"\b(kauf|verkauf)\w*\b",
        "pt": r"\b(compr|vend)(a|e|ar|er|o|es|as)\b",
        "ru": r"\b(купи|покупа|прода)\w*",
    }[code]
    for entry in entries(code):
        for text in texts(entry):
            assert not re.search(forbidden, text, re.IGNORECASE), text


@pytest.mark.parametrize("code", OTHERS)
def test_the_menu_fits(code: str) -> None:
    """Telegram takes 1 to 256 characters of a command's description."""
    for command in COMMANDS:
        found = catalogue(code).get(command.summary)
        assert found is not None, command.name
        assert 1 <= len(as_text(str(found.string))) <= 256
