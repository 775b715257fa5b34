"""What a browser does with a camera's answers: the Fetch standard's algorithms, and real requests."""
