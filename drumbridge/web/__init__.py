"""The page: a web server on this machine, and what a browser shows of the library. Needs the extra ``web``."""
