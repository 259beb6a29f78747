"""The receipts that the sample market has to show."""

import hashlib
import re
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.ask.sample_receipts import Receipts, sample_name
from bellwether.core.errors import LedgerError
from bellwether.track_record.ledger.verify import verify
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app


def test_every_miss_of_the_sample_s_record_leads_to_a_receipt_that_opens_with_a_sentence(visitor: Visitor) -> None:
    named = re.findall(r'href="(/receipts/[^"]+)"', visitor.get("/track-record").text)
    assert len(named) == 10
    for address in named:
        there = visitor.get(address)
        assert there.status_code == 303
        page = visitor.get(there.headers["location"]).text
        assert re.search(
            r'<p class="lede">On .+ it would have been promised, .+ outside its 8-in-10 range\. '
            r"(Found when l|L)ooking for why.+",
            page,
        )
        assert "Simulated: made anew from past prices" in page
        before, folded = page.split("<details", 1)
        assert not re.search("[0-9a-f]{60}", before), "what only a program reads is folded away"
        proof = dict(re.findall(r"(hash_before|content|hash) ([0-9a-f]{60,})", plain_text(folded)))
        assert hashlib.sha256(bytes.fromhex(proof["hash_before"] + proof["content"])).hexdigest() == proof["hash"]


def test_they_are_chained_the_same_every_time_and_stand_in_no_ledger(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    misses = forecasts.track_record(services).misses
    names = [sample_name(miss.symbol, miss.cutoff, miss.horizon) for miss in misses]
    chain, again = ([kept.get(name) for name in names] for kept in (Receipts(services), Receipts(services)))
    assert [receipt.hash_before for receipt in chain[1:]] == [receipt.hash for receipt in chain[:-1]]
    assert [receipt.hash for receipt in again] == [receipt.hash for receipt in chain]
    assert [receipt.row for receipt in chain] == list(range(1, len(misses) + 1))
    assert verify(services.store).ledger.rows == 0
    with pytest.raises(LedgerError, match="has no forecast"):
        Receipts(services).get("f0")


def test_a_live_market_has_only_those_of_its_ledger(tmp_path: Path) -> None:
    live = sample_services(tmp_path, market={"source": "yahoo"})
    miss = forecasts.track_record(sample_services(tmp_path / "sample")).misses[0]
    assert (
        Visitor(create_app(live)).get(f"/receipts/{sample_name(miss.symbol, miss.cutoff, miss.horizon)}").status_code
        == 404
    )
