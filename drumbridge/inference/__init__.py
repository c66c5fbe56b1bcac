"""Models: the manifest, the registry, and the only place that imports onnxruntime."""
