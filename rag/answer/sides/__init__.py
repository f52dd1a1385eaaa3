"""What different sources answer to one question: who says what, which of them agree, and which side leads."""
