"""Command line of the companion: `python -m companion.cli [--config FILE]`."""

import asyncio
import sys
from pathlib import Path

import click


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=None, help="nimdesk.toml unless given.")
def main(config: Path | None) -> None:
    """Shows the logs and files of this host's Identity Manager to nimdesk. It reads, and acts never."""
    from companion.service import run
    from companion.settings import WrongSettings, load

    try:
        asyncio.run(run(load(config), click.echo))
    except WrongSettings as why:
        click.echo(str(why), err=True)
        sys.exit(2)
    except OSError as why:
        click.echo(f"The companion cannot listen: {why.strerror or why}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
