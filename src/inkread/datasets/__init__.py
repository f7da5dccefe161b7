"""Data: named collections, labeled picture folders, and rendered handwriting.

====================  ======================================================================
``array_files``       reads files of arrays: IDX, and NumPy's
``registry``          collections by name
``data_dirs``         the folders that hold them
``download``          resumable downloads of pinned files, and their progress bar
``mnist``             MNIST from a folder, the cache, or a mirror, pinned by SHA-256
``published``         Fashion-MNIST, KMNIST, QMNIST, EMNIST, and USPS, likewise
``low_resolution``    low-resolution digits: USPS, and those that come with scikit-learn
``corrections``       corrections that people made in the web app
``glyphs``            labeled 28×28 glyphs with their origin and license
``pictures``          folders of labeled pictures
``folders``           the glyphs of such folders
``symbols``           glyphs of digits, operators, letters, and scribbles (optional)
``pen_strokes``       pen strokes of characters and words (optional)
``strips``            lines, words, and numbers on real paper, whose text is known (optional)
``stroke_rendering``  strokes to anti-aliased ink
``stroke_font``       a hand-made stroke alphabet of digits, and writer styles
``synthetic_digits``  digits drawn from that alphabet
``printed_letters``   printed letters
``hard_negatives``    glyphs made from other glyphs that are not digits
``glyph_corpus``      the default model's training glyphs beyond MNIST
``benchmarks``        other people's pictures, for evaluation and never for training
``page_rendering``    ink on paper, in uneven light, through a camera
====================  ======================================================================
"""
