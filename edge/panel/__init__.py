"""The page on the station's own screen: what the people beside the patient see and are asked."""
