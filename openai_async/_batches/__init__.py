"""Batches of requests: from the requests to files, jobs, and the results of each request."""
