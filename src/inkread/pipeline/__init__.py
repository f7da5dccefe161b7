"""The stages from pixels to digits: scales, detector, lines, glyphs, classifier, fusion; one module each."""
