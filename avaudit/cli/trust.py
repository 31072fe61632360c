"""``avaudit trust``: which C2PA trust lists are installed, and installing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..trust import TrustList

app = typer.Typer(
    no_args_is_help=True,
    help="The C2PA trust lists: which, of what date and sha256. Never fetched silently.",
)


@app.command("list")
def list_() -> None:
    """Show the installed lists, after checking that no file was changed."""
    from ..trust import list_trust, trust_folder

    lists = list_trust()
    if not lists:
        typer.echo(
            f"No trust list is installed in {trust_folder()}: the trust of C2PA signers is "
            "unknown.\nInstall the published lists with: avaudit trust update [--from FOLDER]"
        )
        return
    _print(lists)


@app.command()
def update(
    from_dir: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Take the list files from a folder (offline)."),
    ] = None,
    include_test: Annotated[
        bool, typer.Option("--include-test", help="Also the test roots, which nobody may trust.")
    ] = False,
) -> None:
    """Install the published lists: from a folder, or fetched from their publishers."""
    from ..trust import update as install

    if from_dir is None:
        typer.echo("Fetching the trust lists from raw.githubusercontent.com ...", err=True)
    _print(install(from_dir, include_test=include_test))


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name by which reports call it.")],
    pem: Annotated[Path, typer.Argument(help="File with the CA certificate(s), PEM.")],
) -> None:
    """Add your own CA certificate: its signers become trusted under NAME."""
    from ..errors import UsageError
    from ..trust import add_anchor

    try:
        data = pem.read_bytes()
    except OSError as error:
        raise UsageError(f"{pem}: it cannot be read: {error.strerror}") from error
    _print((add_anchor(name, data),))


def _print(lists: tuple[TrustList, ...]) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    now = datetime.now(UTC)
    table = Table()
    for heading in ("name", "role", "issued", "next update", "certificates"):
        table.add_column(heading, no_wrap=True)
    for heading in ("sha256", "source"):
        table.add_column(heading, overflow="fold")
    for entry in lists:
        due = (entry.next_update or "-")[:10] + (" (passed)" if entry.expired(now) else "")
        issued = (entry.issued or "-")[:10]
        count = str(entry.certificates)
        # plain Text: a folder name may hold square brackets, which are markup to rich
        table.add_row(entry.name, entry.role, issued, due, count, entry.sha256, Text(entry.source))
    console = Console()
    if not console.is_terminal:  # piped: no line may be folded
        console.width = 220
    console.print(table)
