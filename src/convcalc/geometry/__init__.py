"""The integer arithmetic of a kernel sliding over an axis, written for one axis; standard library only."""
