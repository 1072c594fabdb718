"""The peer of every acknowledgement: a Bolt app with one listener that acknowledges, in its fastest public form."""

import asyncio
import signal

import click
from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

PATH = "/slack/events"


@click.command()
@click.option("--api-url", required=True)
@click.option("--bot-token", required=True)
@click.option("--signing-secret", required=True)
def main(api_url: str, bot_token: str, signing_secret: str) -> None:
    """Prints its address, then acknowledges `/nim`."""
    client = AsyncWebClient(token=bot_token, base_url=f"{api_url}/")
    app = AsyncApp(client=client, token=bot_token, signing_secret=signing_secret, process_before_response=True)

    @app.command("/nim")
    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    asyncio.run(_serve(app))


async def _serve(app: AsyncApp) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    runner = web.AppRunner(app.web_app(PATH), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
