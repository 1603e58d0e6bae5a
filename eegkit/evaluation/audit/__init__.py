"""What stands on both sides of a split, told before anything is fitted."""
