"""Who: the legal-person card, the operator card, and how a card is made for a holder."""
