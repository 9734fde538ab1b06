"""Where Azure serves what: a resource has deployments of models, each with its own paths. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._sentinels import is_given
from ._urls import URL, base, expand

_EXAMPLE = "https://my-resource.openai.azure.com"

#: What a deployment answers when it is posted to. All other paths are of the resource as a whole.
_OF_DEPLOYMENTS = frozenset(
    {
        "/completions",
        "/chat/completions",
        "/embeddings",
        "/audio/transcriptions",
        "/audio/translations",
        "/audio/speech",
        "/images/generations",
        "/images/edits",
    }
)


def located(
    endpoint: str | None, deployment: str | None, base_url: Any, environment: Mapping[str, str]
) -> tuple[URL | None, URL]:
    """The root of everything, if there is an endpoint, and the base URL."""
    if base_url is not None:
        for name, value in (("azure_endpoint", endpoint), ("azure_deployment", deployment)):
            if value is not None:
                raise ValueError(
                    f"Pass either {name}= or base_url=, not both: base_url is the whole address, "
                    f"such as {_EXAMPLE}/openai/deployments/my-deployment."
                )
        return None, base(base_url)
    endpoint = endpoint or environment.get("AZURE_OPENAI_ENDPOINT")
    if not endpoint:
        raise ValueError(
            f"Where is the resource? Pass azure_endpoint=, such as {_EXAMPLE}, or base_url=, or "
            "set the environment variable AZURE_OPENAI_ENDPOINT."
        )
    resource = base(endpoint, name="azure_endpoint", example=_EXAMPLE)
    if resource.query:
        raise ValueError(
            f"azure_endpoint must be the address of the resource alone, such as {_EXAMPLE}: leave "
            "out the query, and pass api_version= instead."
        )
    root = base(f"{resource}openai")
    if deployment is None:
        return root, root
    return root, base(root + _path(deployment, name="azure_deployment"))


def route(method: str, path: str, model: object, base_url: str, root: str | None) -> str:
    """Where Azure serves `path`: a path under `base_url`, or a whole URL.

    A path of deployments goes to the deployment that `model` names, unless `base_url` is that of
    one; then all other paths go to `root`, if `base_url` is under that.
    """
    if path.startswith(("http://", "https://")):
        return path
    place = "/" + path.lstrip("/")
    deployed = "/deployments/" in base_url
    if method == "POST" and place in _OF_DEPLOYMENTS:
        if deployed or model is None or not is_given(model):
            return path
        return "/" + _path(model, name="model") + place
    if deployed and root is not None and base_url.startswith(root):
        return root + place[1:]
    return path


def _path(deployment: object, *, name: str) -> str:
    """The path of a deployment. Raises ValueError, with the `name` it has, if it cannot be one."""
    return expand(f"deployments/{{{name}}}", {name: deployment})
