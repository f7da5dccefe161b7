"""Evaluation: metrics, labeled glyphs and pictures, and a naive baseline, with ``plots`` and ``reports``."""
