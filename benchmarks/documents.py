"""The inbox page's own GraphQL documents, read from its sources, so that what is measured is what it asks."""

import re
from typing import Final

from benchmarks.known import ROOT

SOURCES: Final = ROOT / "web" / "src" / "documents"
TEMPLATE: Final = re.compile(r"graphql\(\s*`([^`]*)`")
DEFINED: Final = re.compile(r"^\s*(?:fragment|query|mutation|subscription)\s+(\w+)")
SPREAD: Final = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


def page_document(operation: str) -> str:
    """An operation of the page with the fragments it needs."""
    definitions = _definitions("\n".join(file.read_text() for file in sorted(SOURCES.glob("*.ts"))))
    needed: dict[str, None] = {}
    _gather(operation, definitions, needed)
    return "\n".join(" ".join(definitions[name].split()) for name in needed)


def _definitions(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in TEMPLATE.findall(source):
        if match := DEFINED.match(text):
            found[match[1]] = text
    return found


def _gather(name: str, definitions: dict[str, str], needed: dict[str, None]) -> None:
    if name in needed:
        return
    needed[name] = None
    for spread in SPREAD.findall(definitions[name]):
        _gather(spread, definitions, needed)
