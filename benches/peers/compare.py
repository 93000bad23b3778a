"""Runs hedui and the peer programs one after the other, round by round, and prints medians, ratios and what each one found.

Usage: compare.py HEDUI CENTRE SCRATCH ROUNDS AS_OF. Interleaved (A B C A B C …), so that somebody else's work on the machine
meets all of them; nothing is dropped from the file cache before a round, and the files were just written: all read warm.
Wall time, CPU seconds and peak resident memory are the operating system's, children (iconv) included. hedui's peak counts the
pages of extracts that it maps, as far as they are resident.
"""

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import layout
import nights

HERE = Path(__file__).parent
ASIDE = "aside-"
GRADES_BY_ID = ("A", "B")  # the id agrees; in A the name does too


def measured(command, log, good):
    """Wall seconds, CPU seconds, peak MB and standard output of a command that must end with one of the `good` codes."""
    with open(log, "w+") as out:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if child.returncode not in good:
        sys.exit(f"{command[0]} ended with {child.returncode}:\n{said}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def of_hedui(hedui, centre):
    """What hedui's last run found, counted as the peers count."""

    def rows(what):
        command = [hedui, "--centre", str(centre), "export", what, "--format", "csv"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            yield from csv.DictReader(child.stdout)

    links = {}
    for link in rows("links"):
        if link["grade"] in GRADES_BY_ID:
            found = links.setdefault(link["source"], {"id": 0, "id_and_name": 0})
            found["id"] += 1
            found["id_and_name"] += link["grade"] == "A" and link["name_level"] == "E"
    return {"links": links, "flags": Counter(outcome["rule"] for outcome in rows("outcomes"))}


def put_aside(folder, scratch):
    """Out of the way, and removed at the end: a file system that has just lost a thousand files is slow to make new ones."""
    if folder.exists():
        folder.rename(Path(tempfile.mkdtemp(dir=scratch, prefix=ASIDE)) / folder.name)


def print_times(times):
    print(f"\n{'':8} {'wall s, median':>15} {'least':>8} {'most':>8} {'CPU s':>8} {'peak MB':>9}   hedui = 1")
    first = statistics.median(wall for wall, *_ in times["hedui"])
    for name, rounds in times.items():
        walls, cpu, peak = ([one[at] for one in rounds] for at in range(3))
        median = statistics.median(walls)
        print(
            f"{name:8} {median:15.2f} {min(walls):8.2f} {max(walls):8.2f} {statistics.median(cpu):8.1f}"
            f" {max(peak):9.0f}   {median / first:.2f}"
        )


def print_counts(found):
    """The counts side by side. Gives whether all found the same links by exact id."""
    names = list(found)
    print(f"\nlinks by exact id (of these: name equal letter by letter)\n{'':17}" + "".join(f"{name:>20}" for name in names))
    sources = sorted({source for counts in found.values() for source in counts["links"]})
    agree = True
    for source in sources:
        pairs = [tuple(counts["links"].get(source, {}).values()) for counts in found.values()]
        agree &= len(set(pairs)) == 1
        cells = "".join(f"{'{} ({})'.format(*pair) if pair else '0':>20}" for pair in pairs)
        print(f"{source:17}{cells}{'' if len(set(pairs)) == 1 else '   differ'}")
    print("\nflags of the six rules (the peers see only whole ids and equal names, so they find fewer)")
    for rule in sorted(found["DuckDB"]["flags"]):
        print(f"{rule:17}" + "".join(f"{counts['flags'].get(rule, 0):>20}" for counts in found.values()))
    return agree


def main(hedui, centre, scratch, rounds, as_of):
    python = sys.executable
    run = [hedui, "--centre", str(centre), "--no-progress", "--lang", "en", "run", "--formats", "csv", "--as-of", as_of]
    commands = {
        "hedui": run,
        "DuckDB": [python, str(HERE / "by_duckdb.py"), str(centre), str(scratch / "duckdb"), as_of],
        "Polars": [python, str(HERE / "by_polars.py"), str(centre), str(scratch / "polars"), as_of],
    }
    times, found = {name: [] for name in commands}, {}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            for folder in (centre / "store", centre / "outbox") if name == "hedui" else (Path(command[3]),):
                put_aside(folder, scratch)
            # hedui ends with 1 when something needs a person: the made-up world holds rejects on purpose.
            *cost, said = measured(command, scratch / f"{name}.log", (0, 1) if name == "hedui" else (0,))
            times[name].append(cost)
            print(f"round {number}  {name:8} {cost[0]:7.2f} s  {cost[1]:7.1f} CPU s  {cost[2]:7.0f} MB", flush=True)
            if number == rounds:
                found[name] = of_hedui(hedui, centre) if name == "hedui" else json.loads(said)
    print_times(times)
    nights.measure(run[:-1], centre, as_of, lambda command: measured(command, scratch / "nights.log", (0, 1)))
    for folder in scratch.glob(f"{ASIDE}*"):
        shutil.rmtree(folder)
    agree = print_counts(found)
    print("\nDuckDB and Polars do not do, and hedui does within its time:")
    print("".join(f"  {line}\n" for line in layout.NOT_DONE), end="")
    if not agree:
        sys.exit("the three do not agree on the links by exact id")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
