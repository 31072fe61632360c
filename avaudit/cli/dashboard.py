"""``avaudit dashboard``."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Annotated

import typer

from ..errors import UsageError

DEFAULT_PORT = 8501
APPS = "avaudit.apps"
_OPEN_WITHIN_S = 60.0


def dashboard(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on. There is no log-in.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port. [8501, or a free one if it is taken]"),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser.")
    ] = False,
) -> None:
    """Look at reports in the browser, review findings, verify. End it with Ctrl-C.

    It listens on this machine only unless told otherwise, sends no usage statistics and fetches
    nothing.
    """
    from ..registry import load
    from ..settings import load_settings

    load_settings()  # a broken configuration is told here, not in the browser
    serve = load(APPS, "dashboard")
    chosen = _port(host, port)
    address = f"http://{_in_address(host)}:{chosen}"
    typer.echo(f"avaudit dashboard: {address}", err=True)
    if not _is_local(host):
        typer.echo(
            f"avaudit: {host} can be reached from other machines and the dashboard has no log-in: "
            "whoever reaches it reads every report and signs reviews with this machine's key",
            err=True,
        )
    if not no_browser:
        threading.Thread(target=_open_browser, args=(host, chosen, address), daemon=True).start()
    serve(host, chosen)


def _port(host: str, port: int | None) -> int:
    """Give the port: the one asked for, else the usual one, else any that is free."""
    for tried in (DEFAULT_PORT, 0) if port is None else (port,):
        try:
            with socket.create_server((host, tried), family=_family(host)) as server:
                return int(server.getsockname()[1])
        except OSError as error:
            problem = error
    raise UsageError(
        f"cannot listen on {host}, port {port if port else 'any'}: {problem.strerror or problem}. "
        "Give another --port, or a --host that is an address of this machine"
    )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_address(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _open_browser(host: str, port: int, address: str) -> None:
    """Open the browser once the server answers."""
    import webbrowser

    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    until = time.monotonic() + _OPEN_WITHIN_S
    while time.monotonic() < until:
        try:
            with socket.create_connection((target, port), timeout=1):
                webbrowser.open(address)
                return
        except OSError:
            time.sleep(0.2)
