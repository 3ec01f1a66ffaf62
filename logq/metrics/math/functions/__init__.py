"""The functions of metric math, by area."""
