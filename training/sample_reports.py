"""Make the sample market's days of reports, which lie in the package.

python -m training.sample_reports --earnings FILE: only rows whose licence allows it, of the sample's symbols, up to its
end; `ORIGIN.md` beside them says whose they are.
"""

import argparse
from pathlib import Path

import pandas as pd

from bellwether.market.sample import ENDS, SampleProvider

OUT = Path("bellwether/market/data/sample_reports.csv")
EMBEDDABLE = "yahoo"  #: the `source` of rows under the MIT licence; those that an 8-K confirms are under none


def sample_rows(table: pd.DataFrame) -> pd.DataFrame:
    """symbol, date and time_of_day of what may be embedded, by symbol and date."""
    symbols = {instrument.symbol for instrument in SampleProvider().universe()}
    days = pd.to_datetime(table["date"])
    inside = (table["source"] == EMBEDDABLE) & table["symbol"].isin(symbols) & (days <= pd.Timestamp(ENDS))
    rows = table.loc[inside, ["symbol", "date", "time_of_day"]].astype(str)
    return rows.sort_values(["symbol", "date"], ignore_index=True)


def main() -> None:
    """Write the file anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--earnings", type=Path, required=True, help="a parquet table with a column `source`")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    rows = sample_rows(pd.read_parquet(chosen.earnings))
    rows.to_csv(chosen.out, index=False, lineterminator="\n")
    print(f"wrote {len(rows)} days of {rows['symbol'].nunique()} companies up to {ENDS} to {chosen.out}")


if __name__ == "__main__":
    main()
