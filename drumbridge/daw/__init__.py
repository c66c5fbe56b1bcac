"""The DAW edge: audio and notes in the protocols that DAWs speak by themselves, with nothing to install in them."""
