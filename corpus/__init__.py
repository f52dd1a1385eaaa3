"""Sample news articles written for this project, with a manifest and a set of questions."""
