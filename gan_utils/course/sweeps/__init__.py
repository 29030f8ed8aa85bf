"""Batches of runs: what is to be run, where, what is seen of it, and what came out."""
