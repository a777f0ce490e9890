"""The box as it was delivered: keys, spool and configuration wiped, also when it is killed in the midst."""
