"""What chance would have made of a pair of runs."""
