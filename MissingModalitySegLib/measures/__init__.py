"""How good a segmentation or a synthesised volume is: numpy and scipy, shared by engine, reports and training."""
