"""The log formats, one file each; see ``logq.ingest.format``."""
