"""What the peer programs share: the centre's own layouts, the six rules, and what is done before either engine reads.

The tables come from sources/*.toml and register.toml, the files hedui itself is configured by, so that no program is told
more about the extracts than another. Rules are those of the demo profile, over the department's raw codes. Nothing here
touches a row that an engine could read itself: GB18030 goes through iconv and the one spreadsheet through python-calamine
because neither engine reads them, and the caller counts that time.
"""

import csv
import re
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, ISO 7064 MOD 11-2
CHECK = "10X98765432"
JOINERS = "、，,；;/"  # between the owners in one cell
PROGRAMMES = ("低保", "特困", "低保边缘", "刚性支出")  # whom the property rules speak of
NOT_DONE = (
    "rejects with file, line and reason; the closing count of every row read",
    "links with a lineage, grades C to E, variants of names, review lists",
    "coverage per person and source; stale and missing sources",
    "the other nine rules, innocent explanations, amounts",
    "snapshots, digests, manifest and ledger; publishing whole or not at all",
)


@dataclass(frozen=True)
class Table:
    """One file to read: UTF-8 by now, headings as delivered."""

    source: str
    path: Path
    delimiter: str
    columns: dict  # field -> heading, every field the layout maps
    null: tuple
    codes: dict  # field -> {raw: canonical}
    delete: tuple  # values of `operation` that withdraw a row

    def raw(self, field, *canonical):
        """The department's codes that mean one of these."""
        return tuple(code for code, word in self.codes[field].items() if word in canonical)

    def persons(self):
        """(id field, name field) of each person a row can name."""
        return tuple((f"{who}_id", f"{who}_name") for who in ("owner", "spouse") if f"{who}_id" in self.columns)


def id15_to_18(text):
    """A 15-digit id with its century and check character; other texts as they are."""
    if len(text) != 15 or not text.isdigit():
        return text
    body = f"{text[:6]}19{text[6:]}"
    return body + CHECK[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS)) % 11]


OWN = ("persons", "mandates")  # the centre's own lists; the others are departments' sources


def tables(centre: Path, scratch: Path):
    """All tables by source, `persons` and `mandates` among them. Converts what no engine reads, two files at a time."""
    layouts = {path.stem: tomllib.loads(path.read_text()) for path in sorted((centre / "sources").glob("*.toml"))}
    register = tomllib.loads((centre / "register.toml").read_text())
    layouts |= {name: register[name] for name in OWN}
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(layouts, pool.map(lambda item: _table(centre, scratch, *item), layouts.items())))


def _table(centre, scratch, source, layout):
    connector = layout["connector"]
    (path,) = sorted(centre.glob(connector["path"]))
    if connector["type"] == "xlsx":
        path = _sheet_as_csv(path, scratch / f"{source}.csv")
    elif connector.get("encoding") == "gb18030":
        path = _utf8(path, scratch / path.name)
    return Table(
        source=source,
        path=path,
        delimiter=connector.get("delimiter", ","),
        columns=layout["columns"],
        null=tuple(layout.get("values", {}).get("null", ())),
        codes=layout.get("codes", {}),
        delete=tuple(layout.get("values", {}).get("delete", ())),
    )


def _utf8(path, out):
    # -c leaves out bytes that are no character; iconv then ends with 1, which is no failure here.
    with out.open("wb") as file:
        subprocess.run(["iconv", "-c", "-f", "GB18030", "-t", "UTF-8", str(path)], stdout=file, check=False)
    return out


def _sheet_as_csv(path, out):
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    with out.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return out


def month_index(day: date):
    return day.year * 12 + day.month - 1


def any_of(words):
    """A pattern for a text that holds one of the words."""
    return "|".join(re.escape(word) for word in words)
