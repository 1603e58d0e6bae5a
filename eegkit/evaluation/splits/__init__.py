"""Which trials train and which test."""
