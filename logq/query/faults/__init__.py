"""What people write that the grammar does not take, by the kind of mistake."""
