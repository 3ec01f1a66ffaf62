"""The benchmark: LogQ against DuckDB by hand, side by side in one run (``python -m tests.bench``)."""
