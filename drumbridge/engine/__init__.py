"""The application: engine, sessions, jobs."""
