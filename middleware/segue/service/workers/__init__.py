"""A service of many processes behind one address: an edge that holds the connections, and workers that play.

`edge` is the service as `segue serve --workers N` runs it, `worker` what each worker process does.
"""
