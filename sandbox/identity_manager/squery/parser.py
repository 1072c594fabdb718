"""SQuery text to its syntax tree: the vendor's grammar with the looseness that the product's own screens use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from sandbox.identity_manager.squery.syntax import (
    Comparison,
    Filter,
    Group,
    Join,
    Operator,
    Path,
    PathItem,
    Query,
    Sort,
    SQueryError,
    Value,
)

_GRAMMAR = r"""
query: historization? join* limit? select? where? orderby?

?historization: as_of | interval
as_of: AS OF STRING
interval: BETWEEN STRING AND STRING | CONTAINED IN "(" STRING "," STRING ")"

join: JOIN path [_of_type] alias
_of_type: OF TYPE name
path: path_item ("." path_item)*
path_item: name [":" name]
alias: NAME | TYPE

limit: (TOP | PAGESIZE) INTEGER
select: SELECT path ("," path)*
where: WHERE _filter
_filter: or_filter
?or_filter: and_filter (OR and_filter)*
?and_filter: primary (AND primary)*
?primary: "(" or_filter ")" | comparison
comparison: path OPERATOR (literal | path)
literal: INTEGER | STRING | TRUE | FALSE | NULL

orderby: ORDER BY sort ("," sort)*
sort: path (ASC | DESC)

name: NAME | TYPE | ORDER | BY | TOP | PAGESIZE | JOIN | SELECT | WHERE | OF | AS | IN | BETWEEN | CONTAINED
    | ASC | DESC

JOIN.2: /join\b/i
OF.2: /of\b/i
TYPE.2: /type\b/i
TOP.2: /top\b/i
PAGESIZE.2: /pagesize\b/i
SELECT.2: /select\b/i
WHERE.2: /where\b/i
ORDER.2: /order\b/i
BY.2: /by\b/i
ASC.2: /asc\b/i
DESC.2: /desc\b/i
AS.2: /as\b/i
IN.2: /in\b/i
BETWEEN.2: /between\b/i
CONTAINED.2: /contained\b/i
AND.2: /and\b/i
OR.2: /or\b/i
TRUE.2: /true\b/i
FALSE.2: /false\b/i
NULL.2: /null\b/i
OPERATOR: /!%=%|%=%|!%=|!=%|%=|=%|!=|<=|>=|&=|=|<|>/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
INTEGER: /-?[0-9]+/
STRING: /"[^"]*"/
%ignore /[ \t\r\n]+/
"""


_WORDS_WITH_TYPE = 5
"""join, of, type, the type, the alias."""


class _Build(Transformer[Token, Any]):
    @v_args(inline=True)
    def name(self, token: Token) -> Token:
        return token

    @v_args(inline=True)
    def alias(self, token: Token) -> Token:
        return token

    def path_item(self, children: list[Any]) -> tuple[PathItem, int]:
        name, of_type = children
        return PathItem(str(name), str(of_type) if of_type else None), _position(name)

    def path(self, children: list[Any]) -> Path:
        return Path(tuple(item for item, _ in children), children[0][1])

    def literal(self, children: list[Any]) -> Value:
        token: Token = children[0]
        value: int | bool | str | None
        match token.type:
            case "INTEGER":
                value = int(token)
            case "STRING":
                value = str(token)[1:-1]
            case "NULL":
                value = None
            case _:
                value = token.type == "TRUE"
        return Value(value, _position(token))

    def comparison(self, children: list[Any]) -> Comparison:
        path, operator, operand = children
        return Comparison(path, cast(Operator, str(operator)), operand)

    def and_filter(self, children: list[Any]) -> Group:
        return Group("and", _without_tokens(children))

    def or_filter(self, children: list[Any]) -> Group:
        return Group("or", _without_tokens(children))

    def join(self, children: list[Any]) -> Join:
        path = next(c for c in children if isinstance(c, Path))
        words = [c for c in children if isinstance(c, Token)]
        of_type = str(words[3]) if len(words) == _WORDS_WITH_TYPE else None
        return Join(path, of_type, str(words[-1]), _position(words[-1]))

    def limit(self, children: list[Any]) -> tuple[str, int]:
        return "limit", int(children[1])

    def as_of(self, children: list[Any]) -> tuple[str, Value]:
        token = children[-1]
        return "as_of", Value(str(token)[1:-1], _position(token))

    def interval(self, _children: list[Any]) -> tuple[str, bool]:
        return "interval", True

    def select(self, children: list[Any]) -> tuple[str, tuple[Path, ...]]:
        return "select", tuple(children[1:])

    def where(self, children: list[Any]) -> tuple[str, Filter]:
        return "where", children[1]

    def sort(self, children: list[Any]) -> Sort:
        return Sort(children[0], children[1].type == "DESC")

    def orderby(self, children: list[Any]) -> tuple[str, tuple[Sort, ...]]:
        return "order", tuple(children[2:])

    def query(self, children: list[Any]) -> Query:
        joins = tuple(c for c in children if isinstance(c, Join))
        clauses = dict(c for c in children if not isinstance(c, Join))
        return Query(joins=joins, **clauses)


def _without_tokens(children: list[Any]) -> tuple[Filter, ...]:
    return tuple(c for c in children if not isinstance(c, Token))


def _position(token: Token) -> int:
    return token.start_pos or 0


_PARSER = Lark(_GRAMMAR, start="query", parser="lalr", maybe_placeholders=True, propagate_positions=False)


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """The syntax tree of a query; SQueryError with the position where it stops making sense."""
    try:
        return cast(Query, _Build().transform(_PARSER.parse(text)))
    except UnexpectedEOF as error:
        raise SQueryError("the query ends too early", len(text)) from error
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise SQueryError("the query ends too early", len(text)) from error
        raise SQueryError(f"unexpected '{error.token}'", error.pos_in_stream) from error
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise SQueryError(f"unexpected character '{text[position]}'", position) from error
    except RecursionError as error:
        raise SQueryError("the query is nested too deeply") from error
    except UnexpectedInput as error:
        raise SQueryError("not a query", error.pos_in_stream) from error
