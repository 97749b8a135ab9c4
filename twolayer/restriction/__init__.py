"""An instance in the coordinates of its subspace: domains, sums of ridges on them, and the restricted problem."""
