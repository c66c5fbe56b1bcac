"""The OSC edge: one table of addresses, a sans-I/O codec, a server with no logic of its own."""
