"""`segue play`: a service in a child process, a client of it, and a terminal to feel a rule file with."""
