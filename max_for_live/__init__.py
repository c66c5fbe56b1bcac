"""The Max for Live devices: their sources as data and ES5, and the builder that writes the .amxd files.

Conventions: standard library only, besides drumbridge's own table of labels. ``python -m max_for_live.build`` writes
everything that is made from these sources; the built release devices stand in ``max_for_live/devices`` and are packed
into the wheel. Every name of an object, a message or a member of the Live API is a documented one.
"""
