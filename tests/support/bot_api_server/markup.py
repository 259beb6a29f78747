"""Telegram's HTML and the entities it makes of it. Offsets and lengths count UTF-16 units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.bot_api_server.errors import Breach

Entity = dict[str, Any]

# tag -> entity type; `a`, `span` and `blockquote` depend on their attributes as well
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
NAMED_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
WHITE_SPACE = " \t\n\v\f\r"
CHARACTER = re.compile(r"&(?:#(\d{1,9})|#[xX]([0-9a-fA-F]{1,8})|(lt|gt|amp|quot)(?![a-zA-Z]));?")
TAG_NAME = re.compile(r"[^\s>]*")
ATTRIBUTE = re.compile(r"""\s*([^\s=>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([a-zA-Z0-9.\-]+)))?""")

# Found by Telegram in any text, also in what people write.
FOUND = {
    "url": re.compile(r"https?://[^\s<>\"]*[^\s<>\".,:;!?)]"),
    "bot_command": re.compile(r"(?<![\w/<>])/\w{1,64}(?:@\w{3,32})?", re.ASCII),
    "mention": re.compile(r"(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w)"),
    "hashtag": re.compile(r"(?<!\w)#\w*[^\W\d]\w*"),
    "cashtag": re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])"),
}


def utf16_length(text: str) -> int:
    """The length of `text` as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class _Open:
    tag: str
    position: int
    entity: Entity | None


@dataclass
class _Reading:
    source: str
    text: list[str] = field(default_factory=list)
    length: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def add(self, characters: str) -> None:
        self.text.append(characters)
        self.length += utf16_length(characters)

    def breach(self, problem: str, position: int) -> Breach:
        offset = len(self.source[:position].encode())
        return Breach(f"can't parse entities: {problem} at byte offset {offset}")


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The plain text and its entities; a Breach where Telegram would refuse the markup."""
    reading = _Reading(source)
    position = 0
    while position < len(source):
        character = source[position]
        if character == "&":
            position = _read_character(reading, position)
        elif character != "<":
            reading.add(character)
            position += 1
        elif source.startswith("</", position):
            position = _read_end_tag(reading, position)
        else:
            position = _read_start_tag(reading, position)
    if reading.open:
        raise Breach(f"can't parse entities: Can't find end tag corresponding to start tag \"{reading.open[-1].tag}\"")
    return "".join(reading.text), sort_entities(_join_pre_and_code(reading.entities))


def sort_entities(entities: list[Entity]) -> list[Entity]:
    """By place, the longer first, as Telegram returns them."""
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut white space at both ends, moving and shortening the entities.

    At the front Telegram stops where the first entity begins, so that <pre> keeps its indent.
    """
    start = len(text) - len(text.lstrip(WHITE_SPACE))
    first = min((entity["offset"] for entity in entities), default=start)
    if text.strip(WHITE_SPACE):
        start = min(start, first)  # white space is one unit a character, so offsets fit
    trimmed = text[start:].rstrip(WHITE_SPACE)
    cut, length = utf16_length(text[:start]), utf16_length(trimmed)
    kept = []
    for entity in entities:
        begin = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] - cut + entity["length"], length)
        if begin < end:
            kept.append({**entity, "offset": begin, "length": end - begin})
    return trimmed, kept


def find_entities(text: str, given: list[Entity] | None = None) -> list[Entity]:
    """`given` and what Telegram finds by itself: links, commands, mentions, hashtags, cashtags."""
    entities = list(given or [])
    taken = [entity for entity in entities if entity["type"] in ("text_link", "code", "pre")]
    for kind, pattern in FOUND.items():
        for match in pattern.finditer(text):
            found = {
                "type": kind,
                "offset": utf16_length(text[: match.start()]),
                "length": utf16_length(match[0]),
            }
            if not any(_overlap(found, other) for other in taken):
                taken.append(found)
                entities.append(found)
    return sort_entities(entities)


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def _read_character(reading: _Reading, position: int) -> int:
    """A character reference; anything else after & is plain text for Telegram."""
    match = CHARACTER.match(reading.source, position)
    if match is None:
        reading.add("&")
        return position + 1
    decimal, hexadecimal, name = match.groups()
    if name:
        reading.add(NAMED_CHARACTERS[name])
        return match.end()
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        reading.add("&")
        return position + 1
    reading.add(chr(code))
    return match.end()


def _read_start_tag(reading: _Reading, position: int) -> int:
    source = reading.source
    name = TAG_NAME.match(source, position + 1)
    assert name is not None
    tag = name[0].lower()
    if name.end() >= len(source):
        raise reading.breach("Unclosed start tag", position)
    if tag not in TAGS:
        raise reading.breach(f'Unsupported start tag "{tag}"', position)
    attributes: dict[str, str] = {}
    here = name.end()
    while True:
        while here < len(source) and source[here].isspace():
            here += 1
        if here >= len(source):
            raise reading.breach(f'Unclosed start tag "{tag}"', position)
        if source[here] == ">":
            break
        attribute = ATTRIBUTE.match(source, here)
        if attribute is None:
            raise reading.breach(f'Empty attribute name in the tag "{tag}"', here)
        attributes[attribute[1].lower()] = _decoded(attribute[2] or attribute[3] or attribute[4] or "")
        here = attribute.end()
        if source.startswith("=", here):
            raise reading.breach(f'Empty attribute value in the tag "{tag}"', here)
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise reading.breach('Tag "span" must have class "tg-spoiler"', position)
    reading.open.append(_Open(tag, position, _start_entity(tag, attributes, reading.length)))
    return here + 1


def _start_entity(tag: str, attributes: dict[str, str], offset: int) -> Entity | None:
    entity: Entity = {"type": TAGS[tag], "offset": offset, "length": 0}
    if tag == "a":
        url = attributes.get("href", "")
        if not re.match(r"(?:https?|tg|tonsite)://\S|mailto:\S|tel:\S|[\w-]+(?:\.[\w-]+)+", url):
            return None  # Telegram shows the words and silently forgets such a link
        entity["url"] = url
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    return entity


def _read_end_tag(reading: _Reading, position: int) -> int:
    end = reading.source.find(">", position)
    if end < 0:
        raise reading.breach("Unclosed end tag", position)
    tag = reading.source[position + 2 : end].strip().lower()
    if not reading.open:
        raise reading.breach("Unexpected end tag", position)
    last = reading.open.pop()
    if tag and tag != last.tag:
        raise reading.breach(f'Unmatched end tag, expected "</{last.tag}>", found "</{tag}>"', position)
    if last.entity is not None:
        last.entity["length"] = reading.length - last.entity["offset"]
        if last.entity["length"]:
            reading.entities.append(last.entity)
    return end + 1


def _decoded(value: str) -> str:
    """An attribute value with its character references replaced."""
    inner = _Reading(value)
    position = 0
    while position < len(value):
        if value[position] == "&":
            position = _read_character(inner, position)
        else:
            inner.add(value[position])
            position += 1
    return "".join(inner.text)


def _join_pre_and_code(entities: list[Entity]) -> list[Entity]:
    """<pre><code class="language-x"> is one entity; `code` alone knows no language."""
    joined: list[Entity] = []
    for entity in entities:  # the inner one closes first, so it comes first
        twin = next((other for other in joined if _same_span(other, entity)), None)
        if entity["type"] == "pre" and twin is not None and twin["type"] == "code":
            joined.remove(twin)
            if "language" in twin:
                entity = {**entity, "language": twin["language"]}
        joined.append(entity)
    for entity in joined:
        if entity["type"] == "code":
            entity.pop("language", None)
    return joined


def _same_span(one: Entity, other: Entity) -> bool:
    return (one["offset"], one["length"]) == (other["offset"], other["length"])
