"""The sample library: one SQLite file that remembers what every sound is."""
