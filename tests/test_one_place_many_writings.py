"""One mailbox or topic is one place, however it is written: it is asked once a day, and set up once in a chat."""

from pathlib import Path

import pytest

from bellwether.delivery.targets.kinds import read_address
from bellwether.delivery.targets.terms import TargetTerms
from tests.test_targets import made

MAILS = ["annbell@gmail.com", "ann.bell@gmail.com", "A.n.n.Bell+stocks@GoogleMail.com"]
TOPICS = [
    "https://ntfy.sh/Alerts-8f2k",
    "ntfy.sh/alerts-8f2k",
    "ntfy://alerts-8f2k",
    "ntfys://ntfy.sh/alerts-8f2k",
    "ntfy://ntfy.sh:80/alerts-8f2k",
    "ntfys://NTFY.sh.:443/alerts-8f2k",
    "ntfys://ann@ntfy.sh/alerts-8f2k",
    "ntfys://ann:secret@ntfy.sh/alerts-8f2k/",
    "ntfys://tk_token@ntfy.sh/%61lerts-8f2k",
    "ntfys://%6Etfy.sh/alerts-8f2k",
]


@pytest.fixture
def terms(tmp_path: Path) -> TargetTerms:
    return TargetTerms.of(made(tmp_path, smtp="smtp://127.0.0.1:9", mail_from="alerts@bell.example").settings)


def identities(terms: TargetTerms, addresses: list[str]) -> set[str]:
    return {read_address(address, terms).identity for address in addresses}


@pytest.mark.parametrize("addresses", [MAILS, TOPICS])
def test_all_ways_to_write_one_place_are_one_place(terms: TargetTerms, addresses: list[str]) -> None:
    assert len(identities(terms, addresses)) == 1


def test_other_places_are_others(terms: TargetTerms) -> None:
    others = ["ann.bell@mail.example", "annbell@mail.example", "ntfys://ntfy.example/alerts-8f2k"]
    others += ["ntfys://ntfy.example:8443/alerts-8f2k", "ntfy.sh/alerts-8f2l"]
    assert len(identities(terms, [*others, MAILS[0], TOPICS[0]])) == len(others) + 2
