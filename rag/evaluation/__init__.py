"""The evaluate street: cases → answers → rows → a report → a verdict."""
