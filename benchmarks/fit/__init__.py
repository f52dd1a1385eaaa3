"""Training of the weights that ship: one program for the support check, one for an answer's confidence."""
