from __future__ import annotations

from openai_async.resources import models as async_

from .._bridge import Resource, blocking


class Models(Resource):
    retrieve = blocking(async_.Models.retrieve)
    list = blocking(async_.Models.list)
    delete = blocking(async_.Models.delete)
