"""What serves the dashboard's page, and answers its questions."""
