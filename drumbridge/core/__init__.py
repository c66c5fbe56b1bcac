"""The domain: pure functions and objects over numpy arrays. No file, socket, thread, clock, log or global."""
