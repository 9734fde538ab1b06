"""The network options of a client: checked, so that mistakes show where they are made."""

from __future__ import annotations

import sys
from typing import Any

from ._transport import Limits, Network

OWN_CLIENT = (
    "http_client brings its own proxy, verify and limits: pass them to that client, "
    "or leave out http_client."
)


def network(*, proxy: Any, verify: Any, limits: Any) -> Network:
    """How a client reaches servers. Raises TypeError or ValueError that names the argument."""
    return Network(_limits(limits), _proxy(proxy), _verify(verify))


def _proxy(proxy: Any) -> str | None:
    if proxy is None:
        return None
    if not isinstance(proxy, str):
        raise TypeError(
            "proxy must be the URL of a proxy as text, such as http://proxy.example.com:3128, "
            f"not {type(proxy).__name__}. Some proxies only: pass http_client=."
        )
    if proxy:
        from ._http.proxies import parse_proxy  # noqa: PLC0415  # few clients are given one

        parse_proxy(proxy)
    return proxy


def _verify(verify: Any) -> Any:
    # Who has a context has loaded the module.
    ssl: Any = sys.modules.get("ssl")
    if isinstance(verify, bool) or (ssl is not None and isinstance(verify, ssl.SSLContext)):
        return verify
    raise TypeError(
        f"verify must be True, False or an ssl.SSLContext, not {type(verify).__name__}. To trust "
        "the certificates of a file: ssl.create_default_context(cafile=...)."
    )


def _limits(limits: Any) -> Limits:
    if isinstance(limits, Limits):
        values = limits
    else:
        try:
            values = Limits(
                limits.max_connections, limits.max_keepalive_connections, limits.keepalive_expiry
            )
        except AttributeError:
            raise TypeError(
                "limits must be a Limits(max_connections=..., max_keepalive_connections=..., "
                f"keepalive_expiry=...), not {type(limits).__name__}."
            ) from None
    for name, least in (
        ("max_connections", 1),
        ("max_keepalive_connections", 0),
        ("keepalive_expiry", 0),
    ):
        value = getattr(values, name)
        if value is not None and not (isinstance(value, (int, float)) and value >= least):
            raise ValueError(f"limits: {name} must be {least} or more, or None: {value!r}")
    return values
