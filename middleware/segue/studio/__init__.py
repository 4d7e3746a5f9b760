"""Segue Studio: a page in the browser that plays, shows and changes a rule file, served from this machine."""
