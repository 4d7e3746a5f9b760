"""A session's music: planning, generation jobs, fallback, buffer, messages, recordings. Neither JAX nor sockets."""
