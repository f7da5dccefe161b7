"""Measuring: metrics, labelled glyphs, labelled pictures, and the usual recipe to compare with."""
