"""Words as data: one file a language, and names of the calendar."""
