"""When things were: boots tied to UTC, samples tied to boots."""
