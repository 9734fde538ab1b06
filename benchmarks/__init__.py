"""What a call costs, beside other ways to make it, on one canned server: `python -m benchmarks`."""
