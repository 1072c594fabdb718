"""The program `nimdesk`. A command imports what it needs when it is called, so that `nimdesk --help` stays quick."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from bot.errors import DeskError, SettingsError

T = TypeVar("T")
WRONG_SETTINGS = 2

config = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=None,
    help="The settings file; without it ./nimdesk.toml, if there is one.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nimdesk")
def main() -> None:
    """nimdesk: a Slack bot for the helpdesk teams of a Netwrix Identity Manager environment."""


@main.command()
@config
def run(config: Path | None) -> None:
    """The bot, against the Slack and the environments that the settings name."""
    from bot.app import run as run_bot
    from bot.settings import load

    settings = _or_say(lambda: load(config))
    sys.exit(_or_say(lambda: run_bot(settings)))


@main.command()
@click.option("--scenario", default="leavers-rights", show_default=True, help="A scenario's name, or a TOML file.")
@click.option("--port", default=0, help="Port of the workspace's page; 0 takes a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def demo(scenario: str, port: int, no_browser: bool) -> None:
    """Sandbox, local workspace and bot; nothing else needed."""
    from bot.demo.runner import run as run_demo

    sys.exit(_or_say(lambda: run_demo(scenario=scenario, port=port, browser=not no_browser)))


def _program(name: str, module: str, *words: str, says: str) -> None:
    """A program of its own, which shares no code with the bot: started, never imported."""

    def start(args: tuple[str, ...]) -> None:
        os.execv(sys.executable, [sys.executable, "-m", module, *words, *args])  # noqa: S606

    start.__doc__ = says
    wrapped = click.argument("args", nargs=-1, type=click.UNPROCESSED)(start)
    settings = {"ignore_unknown_options": True, "help_option_names": []}
    main.command(name, context_settings=settings, add_help_option=False)(wrapped)


_program("sandbox", "sandbox.cli", "sandbox", says="Only the sandbox Identity Manager.")
_program("workspace", "sandbox.workspace", says="Only the local Slack workspace.")
_program("companion", "companion.cli", says="The small service for the host of an Identity Manager agent.")


@main.command()
@config
def doctor(config: Path | None) -> None:
    """Checks settings, Slack, Identity Manager and the store; exit 1 on a failure."""
    from bot.doctor import run as run_doctor
    from bot.settings import load

    settings = _or_say(lambda: load(config))
    sys.exit(_or_say(lambda: run_doctor(settings, click.echo)))


@main.command()
@config
@click.option("--http", "url", default="", help="The bot's public address, for http mode.")
def manifest(config: Path | None, url: str) -> None:
    """Prints the Slack manifest for this configuration."""
    from bot.manifest import printed
    from bot.settings import load

    settings = _or_say(lambda: load(config)) if config or Path("nimdesk.toml").exists() else None
    command = settings.slack.command if settings and settings.slack else "/nim"
    click.echo(_or_say(lambda: printed(command=command, url=url)), nl=False)


@main.command()
@click.argument("text")
@config
@click.option("--env", "env", default="", help="Which environment; the first of the settings without it.")
@click.option("--as", "user", default="", help="Colour the offers as this Slack user would see them.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def ask(text: str, config: Path | None, env: str, user: str, form: str) -> None:
    """The same answer as in Slack, in a terminal. Never writes to Identity Manager."""
    from bot.ask import run as run_ask
    from bot.settings import load

    settings = _or_say(lambda: load(config))
    sys.exit(_or_say(lambda: run_ask(settings, text, env=env, user=user, form=form, echo=click.echo)))


@main.group()
def audit() -> None:
    """What was done, by whom, and why it was allowed."""


@audit.command("export")
@config
@click.option("--since", required=True, help="A date such as 2026-01-31, or a time in ISO 8601.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
def export_audit(config: Path | None, since: str, form: str) -> None:
    """Prints the audit log."""
    from bot.record import export
    from bot.settings import load

    settings = _or_say(lambda: load(config))
    sys.exit(_or_say(lambda: export(settings, since=since, form=form, echo=click.echo)))


@audit.command("verify")
@config
def verify_audit(config: Path | None) -> None:
    """Checks the chain of the audit log; exit 1 where it is broken."""
    from bot.record import verify
    from bot.settings import load

    settings = _or_say(lambda: load(config))
    sys.exit(_or_say(lambda: verify(settings, echo=click.echo)))


def _or_say(act: Callable[[], T]) -> T:
    """Runs it; what a person can be told is told in one line, without a traceback."""
    try:
        return act()
    except SettingsError as why:
        click.echo(f"nimdesk: {why.say}", err=True)
        sys.exit(WRONG_SETTINGS)
    except DeskError as why:
        click.echo(f"nimdesk: {why.say} {why.advice}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
