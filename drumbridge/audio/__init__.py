"""Files and devices: where audio comes from."""
