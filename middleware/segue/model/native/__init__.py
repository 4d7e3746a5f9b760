"""Magenta RealTime 2 in integer arithmetic: kernels in C++ that are compiled on the machine that plays.

`engine.py` says which arithmetic is used, `library.py` compiles and loads `native.cc`, `packed_matrix.py` and
`convolution.py` are its matrices and convolutions. Nothing here is needed to play: without a compiler XLA computes in
float32.
"""
