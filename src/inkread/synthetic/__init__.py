"""Synthetic pages to learn from: writers, vector glyphs, layouts, paper and cameras.

``scenes.make_scene`` puts everything together. Nothing here is needed to read a picture.
"""
