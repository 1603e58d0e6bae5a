"""What an evaluation found: tables, predictions, and how they came about."""
