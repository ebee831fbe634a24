"""What providers report afterwards: events posted by them, and bounces out of a mailbox."""
