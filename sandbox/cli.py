"""Command line of the sandbox programs. ``python -m sandbox.cli sandbox --scenario NAME-or-FILE``."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click


@click.group()
def main() -> None:
    """Stand-ins for the outside world."""


@main.command()
@click.option("--scenario", required=True, help="A shipped scenario's name, or a TOML file.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="A free one unless given.")
@click.option("--speed", default=None, type=click.FloatRange(0, 86400), help="Virtual seconds per real second.")
@click.option("--profile", default=None, type=click.Choice(["plain", "harsh"]))
@click.option("--companion-token", default=None, help="A random one unless given.")
@click.option("--admin-token", default=None, help="A random one unless given; not needed on this machine.")
@click.option("--control-url", default="", help="Where the demo runner takes orders from the outside-world page.")
def sandbox(
    scenario: str,
    host: str,
    port: int,
    speed: float | None,
    profile: str | None,
    companion_token: str | None,
    admin_token: str | None,
    control_url: str,
) -> None:
    """A sandbox Identity Manager. Prints its base URL, then what is needed to use it."""
    from sandbox.identity_manager.server.running import start_sandbox

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        running = await start_sandbox(
            scenario,
            host=host,
            port=port,
            profile=profile,
            speed=speed,
            companion_token=companion_token,
            admin_token=admin_token,
            control_url=control_url,
        )
        click.echo(running.url)
        click.echo(f"client: {running.client_id}@{running.client_domain} secret: {running.client_secret}")
        click.echo(f"companion token: {running.companion_token}")
        click.echo(f"admin token: {running.admin_token}")
        click.echo(f"outside world: {running.url}/sandbox/ui/outside-world")
        await stop.wait()
        await running.close()

    try:
        asyncio.run(run())
    except (OSError, ValueError, KeyError) as error:
        where = f" ({Path(scenario).name})" if Path(scenario).suffix else ""
        raise click.ClickException(f"the sandbox did not start{where}: {error}") from error


if __name__ == "__main__":
    main()
