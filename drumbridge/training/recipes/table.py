"""The table of recipes."""

from __future__ import annotations

from .features_tree import FEATURES_TREE
from .frozen_embedding import DRUMBRIDGE
from .image_recipe import HIT_IMAGE, MFCC_CNN, SEGMENT_CNN
from .recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (DRUMBRIDGE, FEATURES_TREE, MFCC_CNN, HIT_IMAGE, SEGMENT_CNN)
}
