"""Data: IDX files, MNIST and optional collections, labelled picture folders, and drawn handwriting.

=================  ==================================================================================
``idx``            read and write IDX files
``mnist``          MNIST from a folder, the cache or a mirror, pinned by SHA-256
``download``       resumable downloads of pinned files
``glyphs``         labelled 28×28 glyphs with their origin and licence
``pictures``       folders of labelled pictures
``unipen``         pen strokes of isolated characters (optional)
``bhmsds``         glyphs of digits, operators and letters (optional)
``quickdraw``      scribbles that are no digit (optional)
``pen``            strokes to anti-aliased ink
``handwriting``    a hand-made stroke alphabet of digits, and hands that write with it
``paper``          ink on paper, in uneven light, through a camera
=================  ==================================================================================
"""
