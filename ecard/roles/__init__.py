"""Who: the two cards, how they are made, and the data centre that runs their life: orders, register, vault, login."""
