"""Sessions: deck, scheduler, ladder, recorder. Neither JAX nor sockets."""
