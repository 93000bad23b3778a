"""What hedui's later nights cost: nothing changed, one extract changed, a parameter changed, the register changed.

Each night speaks for the next day and runs on the store that the night before left. Files that are changed for a night are
put back afterwards, so that the centre can be measured again.
"""

from contextlib import contextmanager
from datetime import date, timedelta


@contextmanager
def changed(path, change):
    """The file with its bytes changed, until the block ends."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def without_last_line(text):
    return text[: text.rstrip().rfind(b"\n") + 1]


def nights(centre):
    """Name and what is changed, in the order they are run."""
    (vehicle,) = sorted((centre / "inbox" / "vehicle").iterdir())
    persons = centre / "inbox" / "register" / "persons.csv"
    parameters = centre / "policy" / "parameters.toml"
    return [
        ("nothing changed", None, None),
        ("one extract changed", vehicle, without_last_line),
        ("one put back", None, None),
        ("a parameter changed", parameters, lambda text: text.replace(b"value = 0\n", b"value = 1\n", 1)),
        ("register changed", persons, without_last_line),
    ]


def measure(run, centre, as_of, measured):
    """Runs the nights. `run` is hedui's command but for the day; `measured` takes a command, gives wall, CPU and peak."""
    print("\nhedui's later nights, each on the store of the one before, CSV packages included")
    for after, (name, path, change) in enumerate(nights(centre), 1):
        day = date.fromisoformat(as_of) + timedelta(days=after)
        command = [*run, str(day)]
        if path is None:
            cost = measured(command)
        else:
            with changed(path, change):
                cost = measured(command)
        wall, cpu, peak, *_ = cost
        print(f"{name:20} {wall:7.2f} s  {cpu:7.1f} CPU s  {peak:7.0f} MB", flush=True)
