"""The resources of clients: `resources/_root.py` of both libraries; those of the module itself."""

from __future__ import annotations

from .description import Description
from .signatures import views


def namespaces(description: Description, *, blocking: bool) -> str:
    """The class that a client inherits its resources from."""
    classes = {root: description.classes[root] for root in description.resource_roots}
    imports = "".join(f"    from .{root} import {name}\n" for root, name in classes.items())
    typing = "TYPE_CHECKING, Any" if blocking else "TYPE_CHECKING"
    base = "(Viewed)" if blocking else "(Viewed, Settings)"
    own = "    _async: Any\n\n" if blocking else ""
    settings = "from .._config import Settings\nfrom .._views import Viewed\n"
    if blocking:
        settings = "from openai_async._views import Viewed\n"
    properties = "\n".join(
        f"    @cached_property\n    def {root}(self) -> {name}:\n"
        f"        from .{root} import {name}  # noqa: PLC0415\n\n"
        f"        return {name}({f'self._async.{root}' if blocking else 'self'})\n"
        for root, name in classes.items()
    )
    return (
        f"from functools import cached_property\nfrom typing import {typing}\n\n{settings}\n"
        f"if TYPE_CHECKING:\n    from ._raw import _root as raw_\n{imports}\n\n"
        f"class Namespaces{base}:\n"
        f'    """The resources of a client, each made when it is first used."""\n\n{own}'
        f"{views('Namespaces')}\n{properties}"
    )


def module_resources(description: Description) -> str:
    """What type checkers know of the module-level client: `openai_sync/_module_resources.py`."""
    classes = {root: description.classes[root] for root in description.resource_roots}
    imports = "".join(
        f"    from .resources.{root} import {name}\n" for root, name in classes.items()
    )
    attributes = "".join(f"{root}: {name}\n" for root, name in classes.items())
    names = "".join(f'    "{root}",\n' for root in classes)
    return (
        f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n{imports}\n"
        f"{attributes}\n__all__ = [\n{names}]\n"
    )
