"""What things are: values and pure functions, without I/O, clock or network."""
