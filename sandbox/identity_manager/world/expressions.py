"""Rule expressions: `C#:person:return person.FirstName.ToLower() + "@contoso.com";`, evaluated for real.

Identity Manager's rules are C# fragments. The sandbox evaluates the part of that language that rules of this kind
use: member access, string methods, `+`, comparisons, `and`/`or`/`not`, and the functions of `_FUNCTIONS`. Reading a
member of nothing throws, as in C#, and becomes an order in state 7.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import CodeType
from typing import Any

from typing_extensions import override

Value = str | int | float | bool | None

_FORM = re.compile(r"^C#:(?P<name>[A-Za-z_]\w*):return (?P<body>.+);$", re.DOTALL)


class RuleError(Exception):
    """The expression threw; the text is what the engine logs."""


class BadExpression(ValueError):
    """The text is not an expression that the sandbox can evaluate."""


def _text(value: Any) -> str:
    if value is None:
        raise RuleError("System.NullReferenceException: Object reference not set to an instance of an object.")
    return str(value)


def _substring(value: Any, start: int, length: int | None = None) -> str:
    text = _text(value)
    if start > len(text) or (length is not None and start + length > len(text)):
        raise RuleError(
            "System.ArgumentOutOfRangeException: Index and length must refer to a location within the string. "
            "(Parameter 'length')"
        )
    return text[start:] if length is None else text[start : start + length]


_METHODS: dict[str, Callable[..., Value]] = {
    "ToLower": lambda v: _text(v).lower(),
    "ToUpper": lambda v: _text(v).upper(),
    "Trim": lambda v: _text(v).strip(),
    "Substring": _substring,
    "Replace": lambda v, old, new: _text(v).replace(str(old), str(new)),
    "StartsWith": lambda v, head: _text(v).startswith(str(head)),
    "EndsWith": lambda v, tail: _text(v).endswith(str(tail)),
    "Contains": lambda v, part: str(part) in _text(v),
    "ToString": _text,
}


def unaccented(value: Any) -> str:
    """Letters without accents, as logins and addresses are built; `ß` becomes `ss`, `ø` becomes `o`."""
    text = _text(value).replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("ł", "l").replace("Ł", "L")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _address(value: Any) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", unaccented(value).lower()).strip("-")


def escape_dn(value: Any) -> str:
    """A value as it stands inside a distinguished name."""
    return re.sub(r'([,+"\\<>;=#])', r"\\\1", _text(value))


def _add_days(value: Any, days: int) -> str:
    return (datetime.fromisoformat(_text(value)) + timedelta(days=days)).date().isoformat()


def _parse_date(value: Any) -> str | None:
    """Day, month, year as HR writes it, or ISO; nothing stays nothing."""
    if value in (None, ""):
        return None
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(value), form).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    raise RuleError(f"System.FormatException: String '{value}' was not recognized as a valid DateTime.")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ParseDate": _parse_date,
    "NameOf": lambda names, code: names.get(code) if code is not None else None,
    "If": lambda condition, yes, no: yes if condition else no,
    "Coalesce": lambda *values: next((v for v in values if v not in (None, "")), None),
    "Ascii": unaccented,
    "Address": _address,
    "EscapeDn": escape_dn,
    "Truncate": lambda value, length: _text(value)[:length],
    "AddDays": _add_days,
}

_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.BinOp, ast.Add, ast.Compare, ast.Eq,
    ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Tuple, ast.Call, ast.Constant, ast.Name,
    ast.Load, ast.Attribute, ast.IfExp,
)  # fmt: skip


def _member(value: Any, name: str) -> Any:
    if value is None:
        raise RuleError("System.NullReferenceException: Object reference not set to an instance of an object.")
    if type(value) is dict or isinstance(value, Mapping):
        return value.get(name)
    raise RuleError(f"System.MissingMemberException: {type(value).__name__} has no member {name}.")


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return ("" if left is None else str(left)) + ("" if right is None else str(right))
    return left + right


class _Rewrite(ast.NodeTransformer):
    """Members become lookups, string methods become functions, `+` joins as in C# (null counts as empty)."""

    @override
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Call(ast.Name("_member", ast.Load()), [self.visit(node.value), ast.Constant(node.attr)], [])

    @override
    def visit_Call(self, node: ast.Call) -> ast.AST:
        arguments = [self.visit(argument) for argument in node.args]
        match node.func:
            case ast.Attribute(value=value, attr=attr) if attr in _METHODS:
                return ast.Call(ast.Name(f"_m_{attr}", ast.Load()), [self.visit(value), *arguments], [])
            case ast.Name(id="If") if len(arguments) == 3:
                return ast.IfExp(arguments[0], arguments[1], arguments[2])
            case ast.Name(id=name) if name in _FUNCTIONS:
                return ast.Call(ast.Name(name, ast.Load()), arguments, [])
        raise BadExpression(f"unknown function in {ast.unparse(node)!r}")

    @override
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return ast.Call(ast.Name("_plus", ast.Load()), [self.visit(node.left), self.visit(node.right)], [])


_SCOPE: dict[str, Any] = {
    "__builtins__": {},
    "_member": _member,
    "_plus": _plus,
    **{f"_m_{name}": method for name, method in _METHODS.items()},
    **_FUNCTIONS,
}


class Expression:
    """A compiled rule expression."""

    __slots__ = ("_code", "_name", "inputs", "text")

    def __init__(self, text: str) -> None:
        form = _FORM.match(text.strip())
        if form is None:
            raise BadExpression(f"an expression reads 'C#:name:return ...;', not {text!r}")
        self.text = text.strip()
        self._name = form["name"]
        try:
            tree = ast.parse(form["body"].strip(), mode="eval")
        except SyntaxError as error:
            raise BadExpression(f"{text!r}: {error.msg}") from error
        for node in ast.walk(tree):
            if not isinstance(node, _ALLOWED):
                raise BadExpression(f"{type(node).__name__} is not allowed in {text!r}")
            if isinstance(node, ast.Name) and node.id not in (self._name, *_FUNCTIONS):
                raise BadExpression(f"unknown name {node.id!r} in {text!r}")
        methods = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        self.inputs = frozenset(
            _path(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in methods
        )
        rewritten = ast.fix_missing_locations(_Rewrite().visit(tree))
        self._code: CodeType = compile(rewritten, "<rule>", "eval")

    def __call__(self, subject: Mapping[str, Any]) -> Value:
        """Raises RuleError when the expression throws."""
        try:
            result = eval(self._code, _SCOPE, {self._name: subject})  # noqa: S307  (names and nodes are on a fixed list)
        except RuleError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise RuleError(f"System.InvalidOperationException: {error}") from error
        return result if result is None or isinstance(result, (str, int, float, bool)) else str(result)


def _path(node: ast.AST) -> str:
    match node:
        case ast.Attribute(value=ast.Name(), attr=attr):
            return attr
        case ast.Attribute(value=value, attr=attr):
            return f"{_path(value)}.{attr}"
    return ""


@lru_cache(maxsize=1024)
def compiled(text: str) -> Expression:
    return Expression(text)
