"""What an engineer sets at the place, by a text on the card's boot partition."""
