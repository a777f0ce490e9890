"""What is happening at the stations now: visits, signals, numbers, and who watches them."""
