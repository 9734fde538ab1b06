from __future__ import annotations

from functools import cached_property

from openai_async.resources import vector_stores as async_

from .._bridge import Resource, blocking


class FileBatches(Resource):
    create = blocking(async_.FileBatches.create)
    retrieve = blocking(async_.FileBatches.retrieve)
    create_and_poll = blocking(async_.FileBatches.create_and_poll)
    poll = blocking(async_.FileBatches.poll)
    upload_and_poll = blocking(async_.FileBatches.upload_and_poll)


class VectorStores(Resource):
    @cached_property
    def file_batches(self) -> FileBatches:
        return FileBatches(self._async.file_batches)

    create = blocking(async_.VectorStores.create)
    retrieve = blocking(async_.VectorStores.retrieve)
