"""The  command: builds the parts and joins them."""
