"""The settings of the service: one table, the sources it is filled from, the checks, and the reference page."""
