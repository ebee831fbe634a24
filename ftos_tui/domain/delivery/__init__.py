"""What becomes of a message: states, outcomes, policy, events and forecast; pure."""
