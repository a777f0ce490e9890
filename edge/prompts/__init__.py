"""What is said aloud at the station: whose words, made into sound before they are needed, newest first."""
