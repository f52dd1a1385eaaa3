"""What other articles say to the contrary."""
