"""Metrics: datapoints, their statistics and what is calculated from them."""
