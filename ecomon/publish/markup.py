"""Small pieces of HTML: two languages side by side, tables, tags. All text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ecomon.publish.wording import Words


def both(words: Words) -> str:
    """A text in both languages; the style sheet shows one of them."""
    if words.zh == words.en:
        return escape(words.zh)
    return (
        f'<span class="zh" lang="zh-CN">{escape(words.zh)}</span>'
        f'<span class="en" lang="en">{escape(words.en)}</span>'
    )


def element(tag: str, content: str, *, classes: str = "", **attributes: str) -> str:
    """An element around ready HTML."""
    named = {"class": classes, **attributes}
    text = "".join(f' {name}="{escape(value)}"' for name, value in named.items() if value)
    return f"<{tag}{text}>{content}</{tag}>"


def table(
    heads: Sequence[Words], rows: Iterable[Sequence[str]], *, caption: Words, numeric: Sequence[int] = (), is_long: bool = False
) -> str:  # fmt: skip
    """A table of ready HTML cells; the first cell of a row heads it.

    Parameters
    ----------
    heads : sequence of Words, shape (n_columns,)
    rows : iterable of sequences, each of shape (n_columns,)
    numeric : sequence of int
        Columns set to the right, in figures of one width.
    is_long : bool
        Scrolls within its own height on a screen (never in print).
    """
    right = dict.fromkeys(numeric, "num")
    head = "".join(
        element("th", both(words), classes=right.get(index, ""), scope="col")
        for index, words in enumerate(heads)
    )
    body: list[str] = []
    for row in rows:
        first = element("th", row[0], scope="row")
        rest = (
            element("td", cell, classes=right.get(index, ""))
            for index, cell in enumerate(row[1:], start=1)
        )
        body.append(f"<tr>{first}{''.join(rest)}</tr>")
    return (
        f'<div class="{"scroll tall" if is_long else "scroll"}"><table><caption>{both(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def nothing(words: Words) -> str:
    """The line that stands where there is nothing to list."""
    return element("p", both(words), classes="nothing")


def rows_left_out(n_left: int) -> str:
    """The line below a table that does not hold all; empty where it does."""
    if n_left <= 0:
        return ""
    return nothing(Words(f"另有 {n_left} 条未列出。", f"{n_left} more rows are not listed."))
