"""What the performance table of the README is made with: ratios measured in one run, never asserted."""
