"""Did ML help? The evidence, the rules and their wording."""
