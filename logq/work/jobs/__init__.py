"""The jobs of worker processes, one file each."""
