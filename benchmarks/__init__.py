"""What `make bench` measures: whole programs in a real terminal, as ratios to the smallest Textual app."""
