from __future__ import annotations

from openai_async.resources import embeddings as async_

from .._bridge import Resource, blocking


class Embeddings(Resource):
    create = blocking(async_.Embeddings.create)
