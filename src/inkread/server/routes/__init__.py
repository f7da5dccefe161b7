"""The endpoints of the API, one module per topic.

============  ===============================================================
``reading``   /v1/read, /v1/read-batch, /v1/glyphs
``info``      /v1/models, their reports, /v1/info, /livez, /readyz, /metrics
``history``   /v1/readings, /v1/corrections
``openapi``   responses and bodies for the OpenAPI document
============  ===============================================================
"""
