"""The command line: parses arguments, calls the library, prints what comes of it."""
