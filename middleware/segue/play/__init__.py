"""The terminal of `segue play`: a service in a child process, a client of it, and what the music does on screen."""
