"""The session with an instrument: from readings and their times of arrival to events."""
