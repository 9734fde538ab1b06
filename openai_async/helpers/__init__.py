"""Helper methods that join generated resources as mixins: one module for one family."""
