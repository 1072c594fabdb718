"""Small HTML pages, escaped by construction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from aiohttp import web

_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:0;color:#1c2430;background:#f6f7f9}
header{background:#1f3a5f;color:#fff;padding:10px 20px;display:flex;gap:18px;align-items:baseline}
header b{font-size:15px}header a{color:#cfe0f5;text-decoration:none}
main{padding:18px 20px;max-width:1200px}h1{font-size:19px;margin:0 0 12px}h2{font-size:15px;margin:22px 0 8px}
table{border-collapse:collapse;background:#fff;width:100%;box-shadow:0 0 0 1px #dfe3e8}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid #eceff2;vertical-align:top}
th{font-weight:600;color:#4a5565;background:#fafbfc}p.none{color:#6b7686}a{color:#1a5fb4}
pre{background:#fff;padding:10px;box-shadow:0 0 0 1px #dfe3e8;white-space:pre-wrap}
"""

_PLACES = (
    ("/sandbox/ui/jobs", "Job execution"),
    ("/sandbox/ui/workflow-overview", "Workflow overview"),
    ("/sandbox/ui/outside-world", "Outside world"),
)


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Html:
    """A value as HTML; nothing for None, yes or no for booleans."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("")
    if isinstance(value, bool):
        return Html("yes" if value else "no")
    return Html(escape(str(value)))


def link(path: str, label: Any) -> Html:
    return Html(f'<a href="{escape(path, quote=True)}">{text(label)}</a>')


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, nothing: str = "Nothing here.") -> Html:
    lines = ["".join(f"<td>{text(cell)}</td>" for cell in row) for row in rows]
    if not lines:
        return Html(f'<p class="none">{escape(nothing)}</p>')
    head = "".join(f"<th>{escape(h)}</th>" for h in headings)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def heading(words: str) -> Html:
    return Html(f"<h2>{escape(words)}</h2>")


def page(title: str, *parts: Html) -> web.Response:
    places = " ".join(link(path, label) for path, label in _PLACES)
    content = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><header><b>Identity Manager (sandbox)</b>{places}</header>"
        f"<main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )
    return web.Response(text=content, content_type="text/html")
