"""The three stores: the catalog (the truth) and the two indexes derived from it."""
