"""Ways to break the service; `benchmarks/faults.py` runs them and prints what came out."""
