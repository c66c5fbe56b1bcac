"""Measuring: metrics, the evaluation of models, reports (extra `eval`)."""
