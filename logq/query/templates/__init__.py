"""Templates of log lines: what stays the same in them, and which values change."""
