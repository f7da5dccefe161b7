"""Data: collections by name, labelled picture folders, and drawn handwriting.

====================  ======================================================================
``idx``               read and write IDX files
``registry``          collections by their names
``data_dirs``         the folders that hold them
``mnist``             MNIST from a folder, the cache or a mirror, pinned by SHA-256
``published``         Fashion-MNIST, KMNIST, QMNIST, EMNIST and USPS, likewise
``low_resolution``    digits of few pixels: USPS, and those that come with scikit-learn
``corrections``       what people corrected on the page
``download``          resumable downloads of pinned files
``glyphs``            labelled 28×28 glyphs with their origin and licence
``pictures``          folders of labelled pictures
``folders``           their glyphs
``unipen``            pen strokes of isolated characters (optional)
``bhmsds``            glyphs of digits, operators and letters (optional)
``quickdraw``         scribbles that are no digit (optional)
``stroke_rendering``  strokes to anti-aliased ink
``stroke_font``       a hand-made stroke alphabet of digits, and writer styles
``printed_letters``   letters in print
``hard_negatives``    glyphs made of glyphs that are not digits
``glyph_corpus``      the default model's training glyphs beyond MNIST
``numbers``           real numbers on real paper, whose text is known
``benchmarks``        pictures by other hands, to measure on and never to learn from
``page_rendering``    ink on paper, in uneven light, through a camera
====================  ======================================================================
"""
