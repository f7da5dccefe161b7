"""The operating system and the installation; this package depends on nothing but the errors.

================  ==================================================================
``files``         paths, and atomic file writes
``user_folders``  the user's folders for inkread's files
``locks``         locks between processes
``worker``        a function in a separate process that can be killed at any time
``installation``  names the missing or damaged package
``log_filter``    drops log messages of other libraries
``lazy``          loads the names of a package on first use
``idle``          lets idle OpenMP threads sleep
================  ==================================================================
"""
