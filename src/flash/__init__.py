"""Files in flash that outlive power cuts, faulty edits and flipped bits: policy, access, settings."""
