from __future__ import annotations

from typing import Any

import pytest
from declared import misfits

from openai_async._decode import decode
from openai_async.types.files import FileObject
from openai_async.types.vector_stores import VectorStoreFile

FILE = (
    '{"id":"f","bytes":1,"created_at":2,"filename":"a","object":"file","purpose":"batch",'
    '"status":"processed"%s}'
)
ATTACHED = (
    '{"id":"f","created_at":2,"object":"vector_store.file","status":"completed","usage_bytes":1,'
    '"vector_store_id":"v","chunking_strategy":{"type":%s}}'
)


@pytest.mark.parametrize(
    ("body", "declared", "found"),
    [
        (FILE % "", FileObject, []),
        (FILE % ',"status_details":null', FileObject, []),
        (FILE % ',"extra":1', FileObject, ["FileObject.extra: not declared"]),
        (
            FILE.replace("2", '"2"') % "",
            FileObject,
            ["FileObject.created_at: '2' is no <class 'int'>"],
        ),
        (FILE.replace('"id":"f",', "") % "", FileObject, ["FileObject.id: missing"]),
        (FILE.replace("batch", "bath") % "", FileObject, ["FileObject.purpose: 'bath' is none of"]),
        (ATTACHED % '"other"', VectorStoreFile, []),
        (
            ATTACHED % '"new"',
            VectorStoreFile,
            ["VectorStoreFile.chunking_strategy: an unknown variant"],
        ),
        (
            ATTACHED % '"static","static":{"max_chunk_size_tokens":1}',
            VectorStoreFile,
            ["VectorStoreFile.chunking_strategy.static.chunk_overlap_tokens: missing"],
        ),
    ],
)
def test_misfits_are_found(body: str, declared: Any, found: list[str]) -> None:
    texts = misfits(decode(body.encode(), declared))
    assert len(texts) == len(found)
    assert all(text.startswith(start) for text, start in zip(texts, found, strict=True)), texts
