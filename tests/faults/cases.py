"""The table of faults: what goes wrong, and what a call gets then. docs/reliability.md shows it."""

from __future__ import annotations

from .answering import ANSWERS, BROKEN
from .breaking import CUTS, STALLS
from .connecting import CONNECTING

CASES = CONNECTING + CUTS + STALLS + BROKEN + ANSWERS
