"""What arrives: by which channel, at the door, in which period, and what examining it finds."""
