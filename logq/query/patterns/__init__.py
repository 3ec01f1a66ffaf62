"""The parts of filter patterns; ``logq.query.filter_pattern`` is what others use."""
