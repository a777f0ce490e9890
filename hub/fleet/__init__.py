"""The stations as the hub knows them: who they are, when they were heard, how their link and spool stand."""
