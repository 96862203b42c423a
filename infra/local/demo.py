"""`make demo`: pictures travel from the bucket into the galleries, all on this machine; ends by itself with a table."""

import argparse
import dataclasses
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from infra.local import sample
from infra.local.cloud import LocalCloud, Plan, local_cloud
from infra.local.processes import ROOT, StartFailed
from infra.local.sample import Picture
from infra.local.shops import invented, shop_for, shop_of
from infra.local.state import SETTLED, Row, differences, rows, strays, undescribed
from infra.package.__main__ import ARCHIVE, FUNCTIONS
from infra.package.archive import NotDeployable, write
from infra.package.installed import InstallFailed, install

PATIENCE_SECONDS = 120.0
"""How long without any change before the demo says that it got stuck."""

TABLE_SECONDS = 20.0
"""How long the table's descriptions may take after everything is live."""

LAYOUT = "names look like {product}/{gallery}/{file} or {product}/{file}, as in HRNEK-01/1.jpg (docs/names.md)"


def main() -> int:
    """Run the demo; the exit status is 0 only if every accepted file is in its gallery, once, in order, as it should be seen."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--drop", type=Path, metavar="FOLDER", help="your own pictures, in the drop layout")
    parser.add_argument(
        "--codes",
        type=Path,
        metavar="FILE",
        help="the shop's codes, a product a line (own code;variant's code;...), in the place of invented products",
    )
    parser.add_argument(
        "--from", dest="origin", choices=("tree", "package"), default="tree", help="where the functions come from"
    )
    parser.add_argument(
        "--python", default=sys.executable, metavar="PROGRAM", help="with --from package: what the functions run with"
    )
    parser.add_argument(
        "--logs", type=Path, default=ROOT / "build" / "demo", metavar="FOLDER", help="of what is started"
    )
    arguments = parser.parse_args()
    folder: Path | None = arguments.drop
    if folder is not None and not folder.is_dir():
        parser.error(f"{folder} is no folder: give one that holds {{product}}/{{gallery}}/{{file}}")
    # Whoever reads it from a file or a pipe gets whole rows.
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=150)
    pictures = (
        tuple(sample.from_folder(folder))
        if folder is not None
        else (*sample.pictures(), *sample.unfit(), *sample.REFUSED)
    )
    if not pictures:
        parser.error(f"{folder} holds no file: {LAYOUT}")
    codes: Path | None = arguments.codes
    if codes is not None and not codes.is_file():
        parser.error(f"{codes} is no file: give one with the shop's codes, a product a line")
    shop = shop_of(codes.read_text("utf-8").splitlines()) if codes is not None else shop_for(pictures)
    plan = Plan(sandbox=shop)
    if folder is not None and (names := invented(shop)):
        few = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        console.print(
            f"products that the sandbox's shop has for these folders: {few}; --codes FILE has your own", markup=False
        )
    # As Ctrl-C: everything that was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments.origin == "package":
            console.print("building the archive and installing it into build/package ...")
            plan = _packaged(plan, arguments.python)
        console.print("starting the local cloud: storage, tasks, Shoptet sandbox, and the functions ...")
        with local_cloud(plan, arguments.logs) as cloud:
            console.print(f"the sandbox's galleries are at {cloud.sandbox}/ while this runs")
            return _travel(console, cloud, pictures, arguments.logs, replace=folder is None)
    except (StartFailed, NotDeployable, InstallFailed) as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _undescribed(cloud: LocalCloud, pictures: Sequence[Picture]) -> list[str]:
    """Say which of the sample's descriptions did not arrive; a table may be read after its pictures landed."""
    until = time.monotonic() + TABLE_SECONDS
    while (left := undescribed(cloud, pictures, sample.DESCRIBED)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def _packaged(plan: Plan, python: str) -> Plan:
    """Let the functions come from the archive, built and installed for this interpreter as for a deployment."""
    built = install(write(FUNCTIONS, ARCHIVE).path, ROOT / "build" / "package", python)
    return dataclasses.replace(plan, source=built.source, python=str(built.python))


def _travel(console: Console, cloud: LocalCloud, pictures: Sequence[Picture], logs: Path, *, replace: bool) -> int:
    started = time.monotonic()
    _upload(cloud, (*pictures, sample.table()) if replace else pictures)
    settled = _wait(console, cloud, pictures, f"{len(pictures)} files dropped")
    if settled and replace:
        new = {name: sample.replacement(name) for name in sample.REPLACED}
        pictures = [new.get(picture.name, picture) for picture in pictures]
        _upload(cloud, tuple(new.values()))
        settled = _wait(console, cloud, pictures, f"{len(new)} files replaced")
    took = time.monotonic() - started
    found = rows(cloud, pictures)
    wrong = [*differences(cloud, pictures), *strays(cloud, pictures)]
    wrong += _undescribed(cloud, pictures) if replace else []
    console.print(_table(found, console.width))
    for line in wrong:
        console.print(f"[red]wrong[/red] {escape(line)}")
    states = Counter(row.state for row in found)
    accepted = len(found) - states["refused"] - states["same"]
    ended_well = settled and not wrong and states["live"] == accepted > 0
    if not settled:
        console.print(f"[red]nothing changed for {PATIENCE_SECONDS:.0f} s; the logs are in {escape(str(logs))}[/red]")
    console.print(_calls(cloud))
    same = f", {states['same']} the same as others" if states["same"] else ""
    console.print(f"{states['live']} of {accepted} images live{same}, {states['refused']} refused, {took:.1f} s")
    if not states["live"]:
        console.print(f"none of the files became an image: {LAYOUT}", markup=False)
    return 0 if ended_well else 1


def _calls(cloud: LocalCloud) -> str:
    """Tell what all this cost Shoptet, as its sandbox has counted."""
    counts = requests.get(f"{cloud.sandbox}/_control/calls", timeout=30).json()
    calls, most = sum(counts["operations"].values()), counts["max_connections"]
    return f"{calls} calls to Shoptet, at most {most} at a time, {counts['status_429']} answered 429"


def _upload(cloud: LocalCloud, pictures: Sequence[Picture]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda p: cloud.upload(p.name, p.body, p.content_type), pictures))


def _wait(console: Console, cloud: LocalCloud, pictures: Sequence[Picture], what: str) -> bool:
    """Wait until each file is live, failed or refused, showing progress; False if nothing changes for too long."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(what, total=len(pictures))

        def show(done: int) -> None:
            progress.update(bar, completed=done)
            if not console.is_terminal:
                console.print(f"{what}: {done} of {len(pictures)} done")

        return _wait_until_settled(cloud, pictures, show)


def _wait_until_settled(cloud: LocalCloud, pictures: Sequence[Picture], show: Callable[[int], None]) -> bool:
    before, until = -1, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        done = sum(row.state in SETTLED for row in rows(cloud, pictures))
        if done != before:
            before, until = done, time.monotonic() + PATIENCE_SECONDS
            show(done)
        if done == len(pictures):
            return True
        time.sleep(0.25)
    return False


def _table(found: Sequence[Row], width: int) -> Table:
    """Give the table for a console of this width in characters; names stay on one line where there is room."""
    named = min(max(len(row.file) for row in found), max(20, width - 85))
    file = Column("file", min_width=named, overflow="fold")
    table = Table(file, "gallery", "Shoptet's name", "state", "reason", box=None, padding=(0, 2, 0, 0))
    colours = {"live": "green", "refused": "yellow", "failed": "red"}
    for row in found:
        colour = colours.get(row.state, "white")
        table.add_row(escape(row.file), escape(row.gallery), row.name, f"[{colour}]{row.state}[/]", escape(row.reason))
    return table


if __name__ == "__main__":
    sys.exit(main())
