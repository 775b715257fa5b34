"""What all sides read text with: JSON, addresses, faults and the values of fields. Pure."""
