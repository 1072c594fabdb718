"""How a managed system refuses."""

from __future__ import annotations


class TargetError(Exception):
    """The managed system, its driver or the network refused; the text is what a real one writes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
