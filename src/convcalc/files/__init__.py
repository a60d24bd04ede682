"""Bytes to arrays and text, and back: bounded readers, and writers that leave no half-written file.

Independent of convolution.
"""
