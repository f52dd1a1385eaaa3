"""Reading text: languages, sentences, dates, addresses."""
