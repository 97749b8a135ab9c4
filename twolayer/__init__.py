"""Theory verification for two-layer ReLU networks in the teacher-student setting."""
from .instances import BadInput, Instance
from .networks import TwoLayer, hidden_gradient
from .regions import Box, Polytope, Subspace

__all__ = ["BadInput", "Box", "Instance", "Polytope", "Subspace", "TwoLayer", "hidden_gradient"]
