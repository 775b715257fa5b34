"""A camera that draws a moving test card, for boards without a sensor."""
