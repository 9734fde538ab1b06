"""Bulk uploads: a result for each of many files, and a ledger that resumes after anything."""
