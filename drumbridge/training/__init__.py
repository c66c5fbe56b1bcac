"""Training: data sets, rendering, augmentation, network, fit, export (extra `train`)."""
