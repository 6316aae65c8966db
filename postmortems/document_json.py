"""A document as JSON, and back."""

from __future__ import annotations

import json
from typing import Any

from .document import SHAPE, read_document
from .document_text import Block, DocumentError, Shape, written


def as_json(text: str) -> str:
    """A document as JSON: its facts, and its blocks with the facts, the text and the blocks within each."""
    facts, blocks = read_document(text)
    return json.dumps({"facts": facts, "blocks": [_plain(block) for block in blocks]}, ensure_ascii=False, indent=1)


def _plain(block: Block) -> dict[str, Any]:
    found = {"heading": block.heading, "facts": block.facts, "text": block.text}
    return found | ({"blocks": [_plain(one) for one in block.within]} if block.within else {})


def from_json(text: str) -> str:
    """The way back; raises DocumentError for what is no such JSON."""
    try:
        whole = json.loads(text)
        facts, blocks = whole["facts"], [_block_of(one, SHAPE) for one in whole["blocks"]]
        return written(facts, blocks, SHAPE)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise DocumentError(line, "this is no document in JSON as it is downloaded") from None


def _block_of(one: Any, shape: Shape) -> Block:
    """A block of JSON where one of this heading may stand; raises what `from_json` takes for an error."""
    inner = shape.within(one["heading"])
    if inner is None or not one["heading"].strip() or "\n" in one["heading"] or not isinstance(one["text"], str):
        raise ValueError
    within = [_block_of(each, inner) for each in one.get("blocks", [])]
    return Block(one["heading"], dict(one["facts"]), one["text"], within)
