"""Writes the types and methods of the API from its description in `codegen/api`."""
