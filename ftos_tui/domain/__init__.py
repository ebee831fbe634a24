"""What is true of a channel provider. Pure: no I/O, no clock, no screen, no SQL."""
