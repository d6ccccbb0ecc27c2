"""One model after the other: what each part of a managed trade adds to those before it."""
