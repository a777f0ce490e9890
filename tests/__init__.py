"""Everything that proves the house: unit, integration, system; the simulators and the numbers (bench)."""
