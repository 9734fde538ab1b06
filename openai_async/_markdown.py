"""Markdown that somebody else wrote, made safe to render: no HTML of theirs, no script, no image.

Renderers differ, so nothing here depends on reading Markdown as one of them would. Code is taken
out and written again in a form that all read alike: blocks between fences longer than anything in
them, at the left margin, and the rest as entities. In what remains nothing can begin a tag, an
entity, a fence or an image, and a link leads to http, https or mail.

An image becomes a link, since loading it would tell its server who reads what, and when.
"""

from __future__ import annotations

import re

_LINE_ENDS = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)")
_WORD = re.compile(r"[\w+#.-]{1,30}")
_BACKTICKS = re.compile(r"`+")
#: Code within a paragraph: between runs of as many backticks.
_CODE = re.compile(r"(?<!`)(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)

#: What is changed outside of code.
_CHANGES = (
    (re.compile(r"&(?=#?\w{1,40};)"), "&amp;"),
    (re.compile(r"<(?=[A-Za-z/!?])"), "&lt;"),
    # the target of a link that names a scheme
    (
        re.compile(r"(\](?:\(|:)[\s>]*)(?!https?:|mailto:)(?=[^\s)/?#]*:)", re.IGNORECASE),
        r"\1#",
    ),
    (re.compile(r"!(?=\[)"), "&#33;"),
    (re.compile(r"`"), "&#96;"),
    (re.compile(r"~{3,}"), lambda match: "&#126;" * len(match[0])),
)


def safe(text: str) -> str:
    """`text` as Markdown that shows the same and can do nothing."""
    blocks = _blocks(_clean(text))
    parts = (fenced(body, word) if word is not None else _prose(body) for word, body in blocks)
    return "\n\n".join(part for part in parts if part)


def fenced(code: str, language: str = "") -> str:
    """A block of code."""
    longest = max(map(len, _BACKTICKS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    word = _WORD.match(language)
    return f"{fence}{word[0] if word else ''}\n{_clean(code)}\n{fence}"


def literal(text: str) -> str:
    """`text` on one line, as it is: nothing in it means anything to Markdown or HTML."""
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", " ".join(_clean(text).split()))


def _clean(text: str) -> str:
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def _blocks(text: str) -> list[tuple[str | None, str]]:
    """Blocks of code, with the word that follows their fence, and (None) what is between them."""
    found: list[tuple[str | None, str]] = []
    lines: list[str] = []
    indent, fence, word = "", "", ""
    for line in text.split("\n"):
        match = _FENCE.fullmatch(line)
        if not fence and match is not None:
            found.append((None, "\n".join(lines)))
            indent, fence, word = match.groups()
            lines = []
        elif fence and match is not None and match[2].startswith(fence) and not match[3]:
            found.append((word, "\n".join(lines)))
            fence, lines = "", []
        else:
            lines.append(line.removeprefix(indent) if fence else line)
    found.append((word if fence else None, "\n".join(lines)))
    return found


def _prose(text: str) -> str:
    written, end = "", 0
    for match in _CODE.finditer(text):
        written += _changed(text[end : match.start()]) + f"<code>{literal(match[2])}</code>"
        end = match.end()
    return (written + _changed(text[end:])).strip("\n")


def _changed(text: str) -> str:
    for pattern, replacement in _CHANGES:
        text = pattern.sub(replacement, text)
    return text
