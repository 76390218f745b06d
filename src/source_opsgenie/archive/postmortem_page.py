"""A postmortem as Markdown: its facts, and its documents in Atlassian's document format.

What a node of an unknown type contains is kept, without the node's own form.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]
MARKS = {"strong": "**", "em": "*", "code": "`", "strike": "~~"}


def to_markdown(body: Node) -> str:
    """The page of a postmortem."""
    facts = [line for name, value in body.items() if (line := _fact(name, value))]
    documents = [(name, value) for name, value in body.items() if _is_document(value)]
    parts = [f"# {body.get('title') or 'Postmortem'}", "\n".join(facts)]
    for name, document in documents:
        parts += [f"## {_words(name)}", _blocks(document)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _is_document(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "doc"


def _fact(name: str, value: object) -> str:
    """A line about a field that is not a document; empty if it says nothing."""
    if name == "title" or _is_document(value):
        return ""
    named = [_name(one) for one in (value if isinstance(value, list) else [value])]
    text = ", ".join(filter(None, named))
    return f"- {_words(name)}: {text}" if text else ""


def _name(value: object) -> str:
    """What a person calls a value: the name or the message of an object, or its id."""
    if isinstance(value, dict):
        return next((str(value[name]) for name in ("name", "message", "key", "title", "id") if value.get(name)), "")
    return "" if value is None else str(value)


def _words(name: str) -> str:
    """A field name such as `executiveSummary` in words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _children(node: Node) -> list[Node]:
    content = node.get("content")
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def _blocks(node: Node) -> str:
    return "\n\n".join(filter(None, map(_block, _children(node))))


def _block(node: Node) -> str:
    kind = str(node.get("type"))
    return BLOCKS.get(kind, _unknown)(node)


def _unknown(node: Node) -> str:
    """An inline node, or what a block of an unknown type contains."""
    return _inline(node) if not any(map(_is_block, _children(node))) else _blocks(node)


def _is_block(node: Node) -> bool:
    return str(node.get("type")) in BLOCKS


def _heading(node: Node) -> str:
    level = _attributes(node).get("level")
    # The page and its parts have the first two levels.
    return f"{'#' * ((level if isinstance(level, int) else 1) + 2)} {_text(node)}"


def _list(marker: str) -> Callable[[Node], str]:
    def convert(node: Node) -> str:
        lines = [_blocks(one) or _text(one) for one in _children(node)]
        return "\n".join(f"{marker} {line}".replace("\n", "\n   ") for line in lines)

    return convert


def _code(node: Node) -> str:
    return f"```{_attributes(node).get('language') or ''}\n{_text(node)}\n```"


def _quote(node: Node) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _blocks(node).splitlines())


def _table(node: Node) -> str:
    rows = [[_blocks(cell).replace("\n", " ") for cell in _children(row)] for row in _children(node)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines[:1], f"|{'---|' * len(rows[0])}", *lines[1:]]) if rows else ""


def _text(node: Node) -> str:
    return "".join(map(_inline, _children(node)))


def _inline(node: Node) -> str:
    match node.get("type"):
        case "text":
            return _marked(node)
        case "hardBreak":
            return "\n"
    shown = next((str(value) for value in _shown(_attributes(node)) if value), "")
    return shown or _text(node)


def _shown(attributes: Node) -> Iterator[object]:
    """What a mention, an emoji, a status, a date or a link shows."""
    yield from (attributes.get(name) for name in ("text", "shortName", "timestamp", "url"))


def _marked(node: Node) -> str:
    text = str(node.get("text", ""))
    for mark in node.get("marks") or ():
        kind = mark.get("type") if isinstance(mark, dict) else None
        if kind == "link":
            text = f"[{text}]({_attributes(mark).get('href', '')})"
        text = f"{MARKS.get(str(kind), '')}{text}{MARKS.get(str(kind), '')}"
    return text


def _attributes(node: Node) -> Node:
    found = node.get("attrs")
    return found if isinstance(found, dict) else {}


BLOCKS: Mapping[str, Callable[[Node], str]] = {
    "paragraph": _text,
    "heading": _heading,
    "bulletList": _list("-"),
    "orderedList": _list("1."),
    "taskList": _list("-"),
    "codeBlock": _code,
    "blockquote": _quote,
    "panel": _quote,
    "rule": lambda _: "---",
    "table": _table,
}
