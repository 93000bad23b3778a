"""The night's work in Polars, lazy and streaming: read every extract, clean ids, join with the mandated register, six flags, a
CSV per county.

Usage: by_polars.py CENTRE OUT AS_OF. Prints its counts as JSON. What it leaves undone stands in layout.NOT_DONE.
"""

import json
import sys
import tempfile
from datetime import date
from pathlib import Path

import layout
import polars as pl

WIDE = {ord(wide): narrow for wide, narrow in zip("０１２３４５６７８９Ｘｘ", "0123456789XX")}


def clean_ids(ids: pl.Series) -> pl.Series:
    """Whole ids of 18 characters; the few that are written otherwise are cleaned one by one."""
    odd = ((ids.str.len_bytes() != 18) | ids.str.ends_with("x")).fill_null(False)
    if not odd.any():
        return ids
    places = odd.arg_true()
    cleaned = [
        layout.id15_to_18("".join(letter for letter in text.translate(WIDE) if letter not in " \t\r\n\u3000'`’").upper())
        for text in ids.gather(places)
    ]
    return ids.scatter(places, cleaned)


def id_of(column):
    return pl.col(column).map_batches(clean_ids, return_dtype=pl.String, is_elementwise=True)


def name_of(column):
    return pl.col(column).str.replace_all(r"[\s\u3000]", "")


def month_of(column):
    parts = pl.col(column).str.extract_groups(r"(\d{4})\D?(\d{1,2})")
    return parts.struct[0].cast(pl.Int32) * 12 + parts.struct[1].cast(pl.Int32) - 1


def reader(table):
    """Every mapped field by its name, blanks trimmed and the department's words for nothing taken out."""
    scanned = pl.scan_csv(
        table.path, separator=table.delimiter, quote_char='"', infer_schema=False, encoding="utf8-lossy",
        ignore_errors=True, truncate_ragged_lines=True,
    )
    null = ["", *table.null]
    cells = [pl.col(heading).str.strip_chars().alias(field) for field, heading in table.columns.items()]
    return scanned.select(cells).with_columns(pl.when(pl.all().is_in(null).not_()).then(pl.all()))


def register(tables, as_of):
    mandates = reader(tables["mandates"]).filter(
        (pl.col("mandate_from") <= as_of) & (pl.col("mandate_to").is_null() | (pl.col("mandate_to") >= as_of))
    )
    persons = reader(tables["persons"]).select(
        id_of("person_id"),
        "household_id",
        "programme",
        name_of("name").alias("person_name"),
        county=pl.col("division").str.replace_all(r"[^0-9]", "").str.head(6),
        member=pl.col("role").is_in(tables["persons"].raw("role", "member")),
        paid_to=month_of("paid_through"),
        paid_since=month_of("paid_from"),
    )
    return persons.join(mandates.select(id_of("person_id")).unique(), on="person_id", how="semi").collect(engine="streaming")


def links(table, persons):
    """Person × row of one source, joined by the whole id; `same` says whether the name agrees too."""
    rows = reader(table)
    if table.delete:
        rows = rows.filter(~pl.col("operation").is_in(table.delete).fill_null(False))
    if company := table.raw("owner_id_type", "company") if "owner_id_type" in table.codes else ():
        rows = rows.filter(~pl.col("owner_id_type").is_in(company).fill_null(False))
    joined = []
    for id_field, name_field in table.persons():
        party = rows.with_columns(party_id=pl.col(id_field), party_name=pl.col(name_field))
        if table.source == "housing":  # the one extract with several owners in a cell
            party = party.with_columns(several(column) for column in ("party_id", "party_name"))
            party = party.explode("party_id", "party_name")
        party = party.filter(pl.col("party_id").is_not_null()).with_columns(person_id=id_of("party_id"))
        same = (name_of("party_name") == pl.col("person_name")).fill_null(False)
        joined.append(party.join(persons.lazy(), on="person_id", how="inner").with_columns(same=same))
    return pl.concat(joined)


def several(column):
    """The owners in one cell as a list, two at most in these extracts; a person without the other cell keeps a place."""
    parts = pl.col(column).fill_null("").str.replace_all(f"[{layout.JOINERS}]", "、").str.split("、")
    return parts.list.gather([0, 1], null_on_oob=True)


def with_dwellings(housing):
    """An old certificate without a unit number takes the number of a new one at the same place, else the place is the flat."""
    area = pl.col("area").str.extract(r"([0-9.]+)").cast(pl.Float64, strict=False).round(1).cast(pl.String).fill_null("")
    folded = pl.col("location").str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    place = pl.concat_str(folded, pl.lit("/"), area)
    lent = pl.col("unit_number").max().over("household_id", "place")
    return housing.with_columns(place=place).with_columns(dwelling=pl.coalesce("unit_number", lent, "place"))


def rules(tables, now):
    """Per rule: source, what groups, condition on rows, measure, condition on the measure."""
    col, measure = pl.col, pl.col("measure")
    vehicle, housing, fund = tables["vehicle"], tables["housing"], tables["provident_fund"]
    pension, business, death = tables["pension"], tables["business"], tables["death"]
    in_programmes = col("programme").is_in(layout.PROGRAMMES)

    def none_or(field, table, *words):
        return col(field).is_null() | col(field).is_in(table.raw(field, *words))

    gone = layout.any_of(vehicle.raw("state", "cancelled", "force_cancelled", "scrapped", "transferred"))
    died = pl.coalesce(month_of("death_date"), month_of("cremated_on"))
    return {
        "V001": ("vehicle", "household_id", in_programmes & ~col("state").fill_null("").str.contains(gone)
            & ~col("usage").fill_null("").is_in(vehicle.raw("usage", "disabled_aid"))
            & ~col("type_code").fill_null("").str.contains("^[MNT]"), col("plate").drop_nulls().n_unique(), measure > 0),
        "H001": ("housing", "household_id", in_programmes & none_or("purpose", housing, "residential")
            & ~col("state").fill_null("").is_in(housing.raw("state", "cancelled", "pre_notice")),
            col("dwelling").n_unique(), measure > 1),
        "G001": ("provident_fund", "household_id", none_or("state", fund, "active")
            & (month_of("paid_through").fill_null(now) >= now - 3), col("account").drop_nulls().n_unique(), measure >= 1),
        "P001": ("pension", "person_id", none_or("scheme", pension, "employee") & none_or("state", pension, "paying")
            & (month_of("month").fill_null(now) >= now - 6),
            col("monthly").str.replace_all(",", "").cast(pl.Float64, strict=False).fill_null(0).max(), measure >= 0),
        "T001": ("death", "person_id", (col("category").is_in(death.raw("category", "death")) | died.is_not_null())
            & died.is_not_null() & col("paid_to").is_not_null(),
            col("paid_to").max() - pl.max_horizontal(died.min(), col("paid_since").max() - 1), measure > 0),
        "B001": ("business", "household_id", none_or("state", business, "operating", "abnormal")
            & (none_or("role", business, "legal_representative", "sole_trader")
                | (col("role").is_in(business.raw("role", "shareholder"))
                    & (col("paid_in").cast(pl.Float64, strict=False).fill_null(0) > 0))),
            pl.coalesce("credit_code", "company").drop_nulls().n_unique(), measure >= 1),
    }


def flags(linked, rule, group, rows, measure):
    keys = ["county", "household_id"] + (["person_id"] if group == "person_id" else [])
    found = linked.filter(pl.col("same") & pl.col("member") & rows).group_by(keys).agg(measure=measure.cast(pl.Float64))
    person = pl.col("person_id") if group == "person_id" else pl.lit(None, dtype=pl.String).alias("person_id")
    return found.select(pl.lit(rule).alias("rule"), "county", "household_id", person, "measure")


def main(centre, out, as_of):
    now = layout.month_index(date.fromisoformat(as_of))
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        tables = layout.tables(centre, Path(scratch))
        persons = register(tables, as_of)
        sources = [source for source in tables if source not in layout.OWN]
        lazy = [links(tables[source], persons) for source in sources]
        linked = dict(zip(sources, pl.collect_all(lazy, engine="streaming")))
        counts = {"persons": persons.height, "links": {}, "flags": {}}
        for source, found in linked.items():
            counts["links"][source] = {"id": found.height, "id_and_name": int(found["same"].sum())}
        linked["housing"] = with_dwellings(linked["housing"])
        found = []
        for rule, (source, group, rows, measure, flag) in rules(tables, now).items():
            found.append(flags(linked[source], rule, group, rows, measure).filter(flag))
        flagged = pl.concat(found).sort("county", "rule", "household_id", "person_id")
        counts["flags"] = dict(sorted(flagged["rule"].value_counts().iter_rows()))
        out.mkdir()
        for (county,), rows in flagged.partition_by("county", as_dict=True).items():
            rows.write_csv(out / f"{county}.csv")
        print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
