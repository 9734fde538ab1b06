"""The version of this distribution, in the one place that holds it."""

__title__ = "openai_async"
__version__ = "0.1.0"
