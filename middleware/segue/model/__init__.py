"""The live music model in JAX: layers, token language model, sampling, checkpoints. No sockets."""
