"""Data: named collections, labeled picture folders, and rendered handwriting.

====================  ======================================================================
``idx``               read IDX files
``registry``          collections by name
``data_dirs``         the folders that hold them
``mnist``             MNIST from a folder, the cache, or a mirror, pinned by SHA-256
``published``         Fashion-MNIST, KMNIST, QMNIST, EMNIST, and USPS, likewise
``low_resolution``    low-resolution digits: USPS, and those that come with scikit-learn
``corrections``       corrections that people made in the web app
``download``          resumable downloads of pinned files
``glyphs``            labeled 28×28 glyphs with their origin and license
``pictures``          folders of labeled pictures
``folders``           the glyphs of such folders
``unipen``            pen strokes of isolated characters (optional)
``bhmsds``            glyphs of digits, operators, and letters (optional)
``quickdraw``         scribbles that are not digits (optional)
``stroke_rendering``  strokes to anti-aliased ink
``stroke_font``       a hand-made stroke alphabet of digits, and writer styles
``synthetic_digits``  digits drawn from that alphabet
``printed_letters``   printed letters
``hard_negatives``    glyphs made from other glyphs that are not digits
``glyph_corpus``      the default model's training glyphs beyond MNIST
``numbers``           real numbers on real paper, whose text is known
``benchmarks``        other people's pictures, for evaluation and never for training
``page_rendering``    ink on paper, in uneven light, through a camera
====================  ======================================================================
"""
