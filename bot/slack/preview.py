"""`python -m bot.slack.preview findings/errored_orders [folder]`: a template drawn with its example."""

import json
import sys
from pathlib import Path

from bot.errors import SettingsError
from bot.model.message import Message
from bot.slack import examples
from bot.slack.blocks import faults_of_message, faults_of_modal
from bot.slack.render import Renderer


def main(arguments: list[str]) -> int:
    renderer = Renderer(folder=Path(arguments[1]) if len(arguments) > 1 else None)
    drawers = dict(examples.everything())
    if not arguments or arguments[0] not in drawers:
        sys.stdout.write("\n".join(["Examples:", *drawers, ""]))
        return 0 if not arguments else 2
    try:
        renderer.check()
    except SettingsError as why:
        sys.stderr.write(f"{why.say}\n{why.advice}\n")
        return 2
    drawn = drawers[arguments[0]](renderer)
    if isinstance(drawn, Message):
        found = faults_of_message(drawn)
        sys.stdout.write(f"{drawn.text}\n\n")
    else:
        found = faults_of_modal(drawn)
        sys.stdout.write(f"{drawn.title} [{drawn.submit or drawn.close}]\n\n")
    sys.stdout.write(json.dumps(drawn.blocks, indent=2, ensure_ascii=False) + "\n")
    for fault in found:
        sys.stderr.write(f"Slack refuses {fault.pointer}: {fault.what}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
