"""How functions of other programs compute a convolution: a record for each, and the computation under one."""
