"""What chance would have made of the same bars."""
