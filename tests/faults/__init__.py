"""What becomes of calls when servers and networks fail: a table of faults, and a test over it."""
