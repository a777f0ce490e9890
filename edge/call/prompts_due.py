"""What is said aloud at the station, and at which change of the call (core).

A name here is the name of a sentence; what speaks it, and in which language, is not decided here.
"""

from enum import Enum


class Prompt(Enum):
    """One sentence for the people beside the patient."""

    REGISTERED = "registered"  # the press is on this disk
    KEPT = "kept"  # no word of the hub: the press is safe here, and goes as soon as there is a link
    AT_HUB = "at hub"  # it is on the hub's disk
    RINGING = "ringing"  # it rings where somebody sits
    ANSWERED = "answered"  # a person has it
    HELD = "held"  # who has it asks to wait: nobody hears or sees the station meanwhile
    ENDED = "ended"
    CANCELLED = "cancelled"
    HUB_CALLS = "hub calls"  # press to answer
    AUTO_ANSWER = "auto answer"  # in 5 s the microphone opens by itself; a press answers at once
    RAISED = "raised"  # held for two seconds: an emergency
    PRACTICE_DRILL = "practice drill"  # the next press is a drill
    PRACTICE_TEST = "practice test"  # the next press is a test
    PRACTICE_OK = "practice ok"  # the test came through and back
