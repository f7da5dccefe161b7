"""Data: collections by name, labelled picture folders, and drawn handwriting.

=================  ==================================================================================
``idx``            read and write IDX files
``named``          collections by their names
``mnist``          MNIST from a folder, the cache or a mirror, pinned by SHA-256
``published``      Fashion-MNIST, KMNIST, QMNIST, EMNIST and USPS, likewise
``coarse``         digits of few pixels: USPS, and those that come with scikit-learn
``corrections``    what people corrected on the page
``download``       resumable downloads of pinned files
``glyphs``         labelled 28×28 glyphs with their origin and licence
``pictures``       folders of labelled pictures
``folders``        their glyphs
``unipen``         pen strokes of isolated characters (optional)
``bhmsds``         glyphs of digits, operators and letters (optional)
``quickdraw``      scribbles that are no digit (optional)
``pen``            strokes to anti-aliased ink
``handwriting``    a hand-made stroke alphabet of digits, and hands that write with it
``paper``          ink on paper, in uneven light, through a camera
=================  ==================================================================================
"""
