"""How good a segmentation or a synthesised volume is: numpy and scipy, shared by engine, reports and training.

What an empty mask means is the same everywhere. A share of nothing (Dice, PPV, sensitivity, lesion-wise rates) is
perfect where both masks are empty, for nothing was rightly found, and worst where only one is. So a model that answers
nothing earns nothing by it except on cases that hold nothing; and because such cases count as perfect, a summary also
says how many there were and what the mean is without them. Distances are 0 where both are empty and infinite where
only one is.
"""
