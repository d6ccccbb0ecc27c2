"""What models and predictions print of themselves."""
