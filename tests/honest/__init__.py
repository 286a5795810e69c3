"""Right answers that must get full marks, however they are written and saved."""
