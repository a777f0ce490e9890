"""Who is asked to answer: the routing document, rungs of escalation, who is on duty, ways to the outside."""
