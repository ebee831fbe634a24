"""Rules of delivery, by example and by property."""
