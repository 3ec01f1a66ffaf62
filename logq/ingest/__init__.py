"""The ingest engine: bytes of a source, events, batches."""
