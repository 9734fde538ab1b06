"""The body of `realtime.calls.create`, which is neither JSON nor a form with files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._dump import encode, plain
from ._multipart import FieldPart, MultipartBody
from ._sentinels import is_given

_SDP = "application/sdp"


def call_body(fields: Mapping[str, Any]) -> tuple[bytes | MultipartBody, str]:
    """The offer as it is if it stands alone, else a form of which it is a part."""
    given: dict[str, Any] = {n: v for n, v in fields.items() if v is not None and is_given(v)}
    if given.keys() == {"sdp"}:
        return given["sdp"].encode(), _SDP
    parts = []
    if "sdp" in given:
        parts.append(FieldPart("sdp", given.pop("sdp").encode(), _SDP))
    if "session" in given:
        parts.append(FieldPart("session", encode(given.pop("session")), "application/json"))
    form = MultipartBody(plain(given), parts)
    return form, form.content_type
