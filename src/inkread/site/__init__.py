"""Writes the web page as static files that read digits in the browser itself, without a server.

The page is the server's, with another ``api.js``: instead of sending pictures to a server, it gives them to a
web worker, which runs the pipeline in JavaScript (``reader/``) and the bundled networks in onnxruntime-web.
"""

from inkread.site.build import Site, write_site
from inkread.site.runtime import RUNTIME, Runtime, load_runtime

__all__ = ["RUNTIME", "Runtime", "Site", "load_runtime", "write_site"]
