"""The way from pixels to digits: scales, detector, lines, glyphs, classifier and fusion, one module each."""
