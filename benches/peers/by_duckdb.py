"""The night's work in DuckDB: read every extract, clean ids, join with the mandated register, six flags, a CSV per county.

Usage: by_duckdb.py CENTRE OUT AS_OF. Prints its counts as JSON. What it leaves undone stands in layout.NOT_DONE.
"""

import json
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import layout

ID_MACROS = r"""
    CREATE MACRO folded(t) AS
        upper(translate(regexp_replace(t, '[\s　''`’]', '', 'g'), '０１２３４５６７８９Ｘｘ', '0123456789XX'));
    CREATE MACRO digit(t, n) AS (ascii(substr(t, n, 1)) - 48);
    CREATE MACRO check_of(b) AS substr('10X98765432', (WEIGHED) % 11 + 1, 1);
    CREATE MACRO widened(t) AS CASE WHEN length(t) = 15 AND regexp_full_match(t, '[0-9]+')
        THEN substr(t, 1, 6) || '19' || substr(t, 7) || check_of(substr(t, 1, 6) || '19' || substr(t, 7)) ELSE t END;
    -- Eighteen bytes without a small x are an id as it should be; only the others are worth cleaning.
    CREATE MACRO clean_id(t) AS CASE WHEN strlen(t) = 18 AND t NOT LIKE '%x' THEN t ELSE widened(folded(t)) END;
    CREATE MACRO clean_name(t) AS regexp_replace(t, '[\s　]', '', 'g');
    CREATE MACRO month_of(t) AS TRY_CAST(regexp_extract(t, '(\d{4})\D?(\d{1,2})', 1) AS INT) * 12
        + TRY_CAST(regexp_extract(t, '(\d{4})\D?(\d{1,2})', 2) AS INT) - 1;
"""

# An old certificate without a unit number takes the number of a new one at the same place, else the place is the flat.
DWELLINGS = """
    CREATE TABLE link_dwelling AS
    SELECT *, coalesce(unit_number, max(unit_number) OVER (PARTITION BY household_id, place), place) AS dwelling
    FROM (SELECT *, regexp_replace(folded(location), '[^0-9A-Z一-龥]', '', 'g')
              || '/' || coalesce(round(TRY_CAST(regexp_extract(area, '[0-9.]+') AS DOUBLE), 1)::VARCHAR, '') AS place
          FROM link_housing)
"""


def words(values):
    return "(" + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + ")"


def macros():
    weighed = " + ".join(f"digit(b, {n}) * {weight}" for n, weight in enumerate(layout.WEIGHTS, 1))
    return ID_MACROS.replace("WEIGHED", weighed)


def reader(table):
    """SELECT of every mapped field by its name, blanks trimmed and the department's words for nothing taken out."""
    null = words(("", *table.null))

    def cell(field, heading):
        heading = heading.replace('"', '""')
        return f"""CASE WHEN trim("{heading}") IN {null} THEN NULL ELSE trim("{heading}") END AS "{field}" """

    cells = ", ".join(cell(field, heading) for field, heading in table.columns.items())
    path = str(table.path).replace("'", "''")
    delimiter = table.delimiter.replace("\t", "\\t")
    options = f"delim = '{delimiter}', quote = '\"', header = true, all_varchar = true"
    return f"""SELECT {cells} FROM read_csv('{path}', {options}, strict_mode = false, ignore_errors = true)"""


def links(table):
    """Person × row of one source, joined by the whole id; `same` says whether the name agrees too."""
    keep = "true"
    if table.delete:
        keep = f"coalesce(operation, '') NOT IN {words(table.delete)}"
    if company := table.raw("owner_id_type", "company") if "owner_id_type" in table.codes else ():
        keep += f" AND coalesce(owner_id_type, '') NOT IN {words(company)}"
    parts = []
    for id_field, name_field in table.persons():
        id_cell, name_cell = id_field, name_field
        if table.source == "housing":  # the one extract with several owners in a cell
            joiners = f"[{layout.JOINERS}]"
            id_cell = f"unnest(string_split_regex({id_field}, '{joiners}'))"
            name_cell = f"unnest(string_split_regex({name_field}, '{joiners}'))"
        parts.append(f"""
            SELECT r.*, p.person_id, p.household_id, p.county, p.programme, p.member, p.paid_through AS paid_to, p.paid_from,
                   coalesce(clean_name(r.party_name) = p.name, false) AS same
            FROM (SELECT *, {id_cell} AS party_id, {name_cell} AS party_name FROM ({reader(table)}) WHERE {keep}) r
            JOIN persons p ON clean_id(r.party_id) = p.person_id""")
    return " UNION ALL ".join(parts)


def register(tables, as_of):
    persons, mandates = reader(tables["persons"]), reader(tables["mandates"])
    return f"""
        CREATE TABLE persons AS
        SELECT clean_id(person_id) AS person_id, clean_name(name) AS name, household_id, programme,
               left(regexp_replace(division, '[^0-9]', '', 'g'), 6) AS county,
               role IN {words(tables["persons"].raw("role", "member"))} AS member,
               month_of(paid_through) AS paid_through, month_of(paid_from) AS paid_from
        FROM ({persons})
        WHERE clean_id(person_id) IN (
            SELECT clean_id(person_id) FROM ({mandates})
            WHERE mandate_from <= '{as_of}' AND (mandate_to IS NULL OR mandate_to >= '{as_of}'))"""


def rules(tables, now):
    """Per rule: source, what groups (household or person), condition on rows, measure, condition on the group."""
    vehicle, housing, fund = tables["vehicle"], tables["housing"], tables["provident_fund"]
    pension, business, death = tables["pension"], tables["business"], tables["death"]
    for_programmes = f"programme IN {words(layout.PROGRAMMES)}"
    gone = layout.any_of(vehicle.raw("state", "cancelled", "force_cancelled", "scrapped", "transferred"))
    return {
        "V001": ("vehicle", "household_id", f"""{for_programmes} AND NOT regexp_matches(coalesce(state, ''), '{gone}')
            AND coalesce(usage, '') NOT IN {words(vehicle.raw("usage", "disabled_aid"))}
            AND NOT regexp_matches(coalesce(type_code, ''), '^[MNT]')""", "count(DISTINCT plate)", "> 0"),
        "H001": ("dwelling", "household_id", f"""{for_programmes}
            AND coalesce(state, '') NOT IN {words(housing.raw("state", "cancelled", "pre_notice"))}
            AND (purpose IS NULL OR purpose IN {words(housing.raw("purpose", "residential"))})""",
            "count(DISTINCT dwelling)", "> 1"),
        "G001": ("provident_fund", "household_id", f"""(state IS NULL OR state IN {words(fund.raw("state", "active"))})
            AND coalesce(month_of(paid_through), {now}) >= {now} - 3""", "count(DISTINCT account)", ">= 1"),
        "P001": ("pension", "person_id", f"""(scheme IS NULL OR scheme IN {words(pension.raw("scheme", "employee"))})
            AND (state IS NULL OR state IN {words(pension.raw("state", "paying"))})
            AND coalesce(month_of(month), {now}) >= {now} - 6""",
            "max(coalesce(TRY_CAST(replace(monthly, ',', '') AS DOUBLE), 0))", ">= 0"),
        "T001": ("death", "person_id", f"""(category IN {words(death.raw("category", "death"))} OR death_date IS NOT NULL
            OR cremated_on IS NOT NULL) AND coalesce(death_date, cremated_on) IS NOT NULL AND paid_to IS NOT NULL""",
            """max(paid_to) - greatest(min(coalesce(month_of(death_date), month_of(cremated_on))),
            max(paid_from) - 1)""", "> 0"),
        "B001": ("business", "household_id", f"""
            (state IS NULL OR state IN {words(business.raw("state", "operating", "abnormal"))})
            AND (role IS NULL OR role IN {words(business.raw("role", "legal_representative", "sole_trader"))}
              OR (role IN {words(business.raw("role", "shareholder"))} AND TRY_CAST(paid_in AS DOUBLE) > 0))""",
            "count(DISTINCT coalesce(credit_code, company))", ">= 1"),
    }


def main(centre, out, as_of):
    now = layout.month_index(date.fromisoformat(as_of))
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        tables = layout.tables(centre, Path(scratch))
        con = duckdb.connect()
        con.execute(macros())
        con.execute(register(tables, as_of))
        counts = {"persons": con.execute("SELECT count(*) FROM persons").fetchone()[0], "links": {}, "flags": {}}
        for source, table in tables.items():
            if source not in layout.OWN:
                con.execute(f"CREATE TABLE link_{source} AS {links(table)}")
                by_id, by_name = con.execute(f"SELECT count(*), count(*) FILTER (same) FROM link_{source}").fetchone()
                counts["links"][source] = {"id": by_id, "id_and_name": by_name}
        con.execute(DWELLINGS)
        flagged = []
        for rule, (source, group, rows, measure, flag) in rules(tables, now).items():
            person = "person_id" if group == "person_id" else "NULL"
            flagged.append(f"""
                SELECT '{rule}' AS rule, county, household_id, {person} AS person_id, {measure} AS measure
                FROM link_{source} WHERE same AND member AND {rows}
                GROUP BY county, household_id, {group} HAVING measure {flag}""")
        con.execute("CREATE TABLE flags AS " + " UNION ALL ".join(flagged))
        counts["flags"] = dict(con.execute("SELECT rule, count(*) FROM flags GROUP BY rule ORDER BY rule").fetchall())
        lines = "SELECT * FROM flags ORDER BY county, rule, household_id, person_id"
        con.execute(f"COPY ({lines}) TO '{out}' (FORMAT csv, PARTITION_BY (county))")
        print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
