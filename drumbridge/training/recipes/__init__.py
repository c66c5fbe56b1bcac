"""Recipes: earlier systems of others, and this project's own, on any folder of classes (extra `train`)."""
