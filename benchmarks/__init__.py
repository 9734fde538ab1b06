"""What a call costs, beside the official package, on one canned server: `python -m benchmarks`."""
