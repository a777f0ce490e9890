"""From the microphone to packets and from packets to the loudspeaker, without echo."""
