"""What became of presses, in numbers: from the calls' journal and from nothing else."""
