"""Why a bar was an entry, or was not."""
