"""Measuring: metrics, labelled glyphs and pictures, the naive pipeline to compare with; ``plots`` and ``reports`` show the figures."""
