from __future__ import annotations

from openai_async.resources import files as async_

from .._bridge import Resource, blocking


class Files(Resource):
    create = blocking(async_.Files.create)
    retrieve = blocking(async_.Files.retrieve)
    list = blocking(async_.Files.list)
    delete = blocking(async_.Files.delete)
    content = blocking(async_.Files.content)
