"""The intakes, one file each; see ``logq.ingest.intake``."""
