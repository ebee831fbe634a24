"""The operations: everything an operator can do is one function here."""
