"""How results are shown: in words, as pictures, as a page, as open data."""
