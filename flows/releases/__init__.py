"""When a publication is due, what a meeting freezes, how it becomes final, and who hears of it."""
