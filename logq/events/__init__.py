"""Events of the bus: rules that match them, and what is sent where when they do."""
