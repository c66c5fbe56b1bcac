"""Results written for others: MIDI, CSV, JSON."""
