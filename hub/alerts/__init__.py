"""What is not as it should be with stations and hub: rules, alerts, who owns them, who is told."""
