"""Reads any number of pictures, each exactly once, on one machine or many.

A job is a list of shards, and each shard becomes one part of the output. A part appears only when it is
complete, so the parts themselves record what is done: a job that was killed reads the shards without a part.

===================  ======================================================================
``storage``          files and folders by path or URL
``shards``           some inputs: files, a stretch of an archive, row groups of a table
``planning``         which files the inputs name, and how they are divided into shards
``rows``             the output: one row per page, in one Parquet, JSONL, or CSV file per shard
``page_reader``      reads pages, in a process that can be killed
``shard_reader``     reads a shard into its part, whatever its pictures do
``scheduling``       gives shards to actors, and again if an actor is lost; actors on this machine
``engine_ray``       actors in a Ray cluster
``job``              all of it, and its manifest: settings and shards, in a file beside the parts
===================  ======================================================================

Requires the extra ``batch``, and for Ray the extra ``ray``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.batch.engine_ray import RayEngine
    from inkread.batch.job import Job, Progress, run
    from inkread.batch.page_reader import ReadingSettings
    from inkread.batch.scheduling import LocalEngine

__all__ = ["Job", "LocalEngine", "Progress", "RayEngine", "ReadingSettings", "run"]

__getattr__ = lazy(
    __name__,
    {
        "engine_ray": ("RayEngine",),
        "job": ("Job", "Progress", "run"),
        "page_reader": ("ReadingSettings",),
        "scheduling": ("LocalEngine",),
    },
    needs={"fsspec": "batch", "pyarrow": "batch", "ray": "ray"},
)
