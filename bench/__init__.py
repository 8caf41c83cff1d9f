"""The figures: each benchmark prints one JSON object, with what it is compared to."""
