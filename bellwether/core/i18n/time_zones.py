"""Time zones as people name them: "Berlin", "new york", "Japan", a place on the map."""

import re
import unicodedata
import zoneinfo
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from rapidfuzz import fuzz, process

from bellwether.core.errors import BadTimeZone
from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, said, spoken

_ENOUGH = 75  #: rapidfuzz score, 0 to 100, from which a name counts as near
_MOST = 4  #: that are offered
_OFFSET = re.compile(r"(utc|gmt)?[+\-−]?[0-9]{1,2}(:?[0-9]{2})?")
# cities that people live in and that no zone is named after
_CITIES = {
    "Africa/Lagos": "abuja, kano",
    "America/Chicago": "austin, dallas, houston, kansas city, memphis, "
    "milwaukee, minneapolis, new orleans, san antonio, st louis",
    "America/Denver": "albuquerque, salt lake city",
    "America/Los_Angeles": "las vegas, portland, san diego, san francisco, san jose, seattle, silicon valley",
    "America/New_York": "atlanta, baltimore, boston, charlotte, cleveland, miami, "
    "nyc, orlando, philadelphia, pittsburgh, wall street, washington, washington dc",
    "America/Sao_Paulo": "brasilia, rio, rio de janeiro",
    "America/Toronto": "montreal, ottawa, quebec",
    "Asia/Dubai": "abu dhabi",
    "Asia/Ho_Chi_Minh": "hanoi, saigon",
    "Asia/Jerusalem": "haifa, tel aviv",
    "Asia/Karachi": "islamabad, lahore",
    "Asia/Kolkata": "ahmedabad, bangalore, bengaluru, bombay, chennai, delhi, hyderabad, mumbai, new delhi, pune",
    "Asia/Shanghai": "beijing, guangzhou, hangzhou, peking, shenzhen, tianjin, wuhan",
    "Asia/Tokyo": "fukuoka, kyoto, nagoya, osaka, sapporo, yokohama",
    "Australia/Sydney": "canberra",
    "Europe/Amsterdam": "den haag, rotterdam, the hague, utrecht",
    "Europe/Berlin": "cologne, dresden, dusseldorf, frankfurt, hamburg, koln, leipzig, munchen, munich, stuttgart",
    "Europe/Istanbul": "ankara, izmir",
    "Europe/London": "birmingham, edinburgh, glasgow, leeds, liverpool, manchester, the city",
    "Europe/Madrid": "barcelona, bilbao, sevilla, valencia",
    "Europe/Paris": "lyon, marseille, nice, toulouse",
    "Europe/Rome": "florence, milan, milano, naples, napoli, roma, torino, turin, venice",
    "Europe/Warsaw": "gdansk, krakow, warszawa",
    "Europe/Zurich": "basel, bern, geneva, geneve, lausanne",
    "Pacific/Auckland": "christchurch, wellington",
}
#: countries by other names than the table of zones has for them
_COUNTRIES = {
    "uk": "Britain (UK)",
    "england": "Britain (UK)",
    "britain": "Britain (UK)",
    "great britain": "Britain (UK)",
    "usa": "United States",
    "us": "United States",
    "america": "United States",
    "eeuu": "United States",
    "eua": "United States",
    "сша": "United States",
    "south korea": "Korea (South)",
    "korea": "Korea (South)",
    "uae": "United Arab Emirates",
}
#: clocks by their letters: most stand still in summer or mean two places, so we ask instead of guessing
_LETTERS = {
    "est edt et": ("America/New_York",),
    "cst cdt ct": ("America/Chicago", "Asia/Shanghai"),
    "mst mdt mt": ("America/Denver", "America/Phoenix"),
    "pst pdt pt": ("America/Los_Angeles",),
    "hst": ("Pacific/Honolulu",),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "wet west": ("Europe/Lisbon",),
    "cet cest met mest": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Warsaw"),
    "eet eest": ("Europe/Athens", "Europe/Helsinki", "Europe/Bucharest"),
    "ist": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "aest aedt": ("Australia/Sydney", "Australia/Brisbane"),
}


def find_time_zone(text: str) -> str:
    """The IANA time zone that a person means by its name, a city or a country with one zone: "Europe/Berlin".

    Raises BadTimeZone, which offers near ones, for what is none of these or could be several.
    """
    asked = _plain(text)
    if not asked:
        raise BadTimeZone(said("Which city's clock do you go by? For example: Berlin, New York or Asia/Tokyo."))
    if asked in {"utc", "gmt", "z"}:
        return "UTC"
    by_letters = {word: zones for words, zones in _LETTERS.items() for word in words.split()}
    if asked in by_letters:
        raise BadTimeZone(
            said(
                "“{text}” does not say where, and clocks change on different days; which do you mean?",
                text=text.strip()[:20],
            ),
            by_letters[asked],
        )
    if _OFFSET.fullmatch(asked.replace(" ", "")):
        raise BadTimeZone(
            said(
                "A fixed offset would be an hour off for half the year in most places; please name a city, such as "
                "Berlin."
            )
        )
    zones = _names().get(asked, ())
    if len(zones) == 1:
        return zones[0]
    if zones:
        raise BadTimeZone(
            said("“{text}” has several time zones; which do you mean?", text=text.strip()[:40]), zones[:_MOST]
        )
    near = process.extract(asked, list(_names()), scorer=fuzz.WRatio, limit=3 * _MOST, score_cutoff=_ENOUGH)
    offered = dict.fromkeys(zone for name, _, _ in near for zone in _names()[name][:_MOST])
    raise BadTimeZone(said("I don't know the time zone “{text}”.", text=text.strip()[:40]), tuple(offered)[:_MOST])


def is_time_zone(name: str) -> bool:
    """Whether this is the exact name of a time zone that we can use."""
    return name in _usable()


def city(zone: str) -> str:
    """The city of a time zone in the language that is spoken: in German "Tokio" for "Asia/Tokyo"."""
    plain = zone.rpartition("/")[2].replace("_", " ")
    if spoken() == ENGLISH:
        return plain
    from bellwether.core.i18n import babel_data

    return babel_data.city_names(spoken()).get(zone, plain)


def time_zone_at(latitude: float, longitude: float) -> str:
    """The time zone of a place on the map, degrees north and east. Raises BadTimeZone outside of the map."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise BadTimeZone(said("That place is not on the map; please name a city instead, such as Berlin."))
    import tzfpy  # its map takes 100 ms and 60 MB, for what few people share

    zone = tzfpy.get_tz(longitude, latitude)
    if is_time_zone(zone):
        return zone
    raise BadTimeZone(said("I don't know whose clock holds there; please name a city instead, such as Berlin."))


@cache
def _usable() -> frozenset[str]:
    """Zones of places, and UTC: not "Etc/GMT+5", which is five hours behind, nor "EST", which knows no summer."""
    names = zoneinfo.available_timezones()
    return frozenset(name for name in names if ("/" in name and not name.startswith("Etc/")) or name == "UTC")


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Every plain name of a zone, and the zones it may mean, the likeliest first."""
    named: dict[str, dict[str, None]] = {}

    def add(name: str, zone: str) -> None:
        named.setdefault(_plain(name), {})[zone] = None

    places, countries = _places(), _countries()
    for zone in [*places, *sorted(_usable() - places.keys())]:  # today's names before those kept for old programs
        add(zone, zone)
        city = _plain(zone.rpartition("/")[2])
        if city not in named or zone in places:
            add(city, zone)
    for zone, cities in _CITIES.items():
        for city in cities.split(", "):
            named[_plain(city)] = {zone: None}
    # where most people live first; without a village with Berlin's clock, or Germany would have two
    ordered = sorted((zone for zone in places if zone != "Europe/Busingen"), key=lambda zone: zone not in _CITIES)
    for zone in ordered:
        add(countries[places[zone]], zone)
    for word, country in _COUNTRIES.items():
        named[word] = named[_plain(country)]
    in_english = frozenset(named)
    for name, zone in _in_other_languages(ordered):
        if _plain(name) not in in_english:
            add(name, zone)
    return {name: tuple(zones) for name, zones in named.items()}


def _in_other_languages(zones: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The cities and countries of these zones as the chat's other languages call them: ("Москва", "Europe/Moscow")."""
    from bellwether.core.i18n import babel_data  # Babel, of which only somebody who names a place has need

    places, usable = _places(), _usable()
    for language in (code for code in LANGUAGES if code != ENGLISH):
        yield from ((city, zone) for zone, city in babel_data.city_names(language).items() if zone in usable)
        countries = babel_data.country_names(language)
        yield from ((countries[places[zone]], zone) for zone in zones if places[zone] in countries)


@cache
def _places() -> dict[str, str]:
    """Today's zones of places, each with the ISO code of its country."""
    return {zone: code for code, _, zone, *_ in _table("zone.tab")}


def _countries() -> dict[str, str]:
    """The English names of countries by their ISO codes."""
    return {code: name for code, name, *_ in _table("iso3166.tab")}


def _table(name: str) -> list[list[str]]:
    text = (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def _plain(text: str) -> str:
    """ "São_Paulo" and "sao paulo" as the same words."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(letters.replace("_", " ").replace(",", " ").split())[:80]
