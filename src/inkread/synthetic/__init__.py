"""Synthetic training pages: writers, vector glyphs, layouts, paper, and cameras.

``scenes.make_scene`` combines them. Reading a picture needs nothing from here.
"""
