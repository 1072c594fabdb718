"""The templates: where they are found, what they may use, and the check that a broken one stops the start."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError, fromstring

import jinja2

from bot.errors import SettingsError
from bot.slack import wording
from bot.slack.clean import printed

FINDINGS: Final = {
    1: "errored_export",
    2: "missing_data",
    3: "synchronization_threshold",
    4: "blocked_orders",
    5: "errored_orders",
    6: "incorrect_values",
    7: "provisioning_threshold",
    8: "unexpected_entitlements",
}
"""Symptom → its template under findings/."""
_STATEMENT: Final = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PRINTED: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


class Templates:
    """Compiled once each. A file of the overriding folder replaces the shipped one of the same relative path.

    With `reload` a saved file is used for the next message: the demo's way of working.
    """

    def __init__(self, shipped: Path, folder: Path | None = None, *, reload: bool = False) -> None:
        self._folders = [str(place) for place in (folder, shipped) if place is not None]
        self._loader = jinja2.FileSystemLoader(self._folders)
        self._env = jinja2.Environment(
            loader=self._loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=printed,
            auto_reload=reload,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
        )
        self._env.filters |= {
            "counted": wording.counted,
            "apart_from": wording.apart_from,
            "plural": wording.plural,
            "when": wording.when,
            "shown": wording.shown,
            "sentence": wording.sentence,
            "without_exception": wording.without_exception,
        }
        self._env.globals |= {
            "certainty": wording.certainty,
            "MARK": wording.MARK,
            "RUN": wording.RUN,
            "TROUBLE": wording.TROUBLE,
        }

    def names(self) -> list[str]:
        return self._env.list_templates(extensions=["j2"])

    def has(self, name: str) -> bool:
        return any((Path(folder) / name).is_file() for folder in self._folders)

    def path(self, name: str) -> Path:
        return next(place for folder in self._folders if (place := Path(folder) / name).is_file())

    def render(self, name: str, things: dict[str, Any]) -> str:
        """The markup. Raises jinja2.TemplateError."""
        return self._env.get_template(name).render(things)

    def check(self) -> None:
        """Raises SettingsError with the file and the line of the first template that cannot be used."""
        for name in self.names():
            for line, why in self._faults(name):
                raise SettingsError(
                    f"Template {self.path(name)}, line {line}: {why}",
                    next_step="Correct the template, or remove it to use the one that ships with nimdesk.",
                    template=name,
                    line=line,
                )

    def _faults(self, name: str) -> Iterator[tuple[int, str]]:
        try:
            self._env.get_template(name)
        except jinja2.TemplateSyntaxError as why:
            yield why.lineno, why.message or "syntax error"
            return
        source = self._loader.get_source(self._env, name)[0]
        try:
            fromstring(f"<template>{_as_markup(source)}</template>")  # noqa: S314  # our own templates
        except ParseError as why:
            yield why.position[0], f"not well formed: {str(why).partition(':')[0]}"


def _as_markup(source: str) -> str:
    """The template's own markup with its lines kept: statements gone, printed values as a letter.

    An element must therefore open and close within one branch of an `if`.
    """
    return _PRINTED.sub(_blank("x"), _STATEMENT.sub(_blank(""), source))


def _blank(letter: str) -> Any:
    return lambda match: letter + "\n" * match.group(0).count("\n")


def line_of(error: BaseException) -> tuple[str, int]:
    """File and line of the template at which rendering failed; an empty name when it was not inside one."""
    place, trace = ("", 0), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return place
