"""Tables, records and charts as lines of text: pure functions of values and a screen."""
