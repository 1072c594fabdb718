"""`python -m sandbox.workspace`: the local Slack workspace as a program."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from sandbox.workspace.config import ConfigError, WorkspaceConfig, load_config, with_manifest, with_options
from sandbox.workspace.server import start_workspace


@click.command()
@click.option("--port", default=0, help="Port to listen on; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--mode", type=click.Choice(["socket", "http"]), help="How the app is reached; socket unless configured.")
@click.option("--request-url", default="", help="Where an app in HTTP mode listens.")
@click.option("--panel-url", default="", help="A page to show beside the chat.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="People, groups, channels (TOML, JSON).")
@click.option("--manifest", type=click.Path(path_type=Path), help="The app's Slack manifest (YAML or JSON).")
def main(*, port: int, host: str, config_file: Path | None, manifest: Path | None, **given: str | None) -> None:
    """Serve a local Slack workspace until stopped."""
    try:
        config = load_config(config_file) if config_file else WorkspaceConfig()
        config = with_manifest(config, manifest) if manifest else config
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    config = with_options(config, {key: value for key, value in given.items() if value})
    asyncio.run(_serve(config, port, host))


async def _serve(config: WorkspaceConfig, port: int, host: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        running = await start_workspace(config, port, host)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error
    click.echo(running.url)
    for name in ("api_url", "bot_token", "app_token", "signing_secret", "person_token"):
        click.echo(f"{name}={getattr(running, name)}")
    await stop.wait()
    await running.close()


if __name__ == "__main__":
    main()
