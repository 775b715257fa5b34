"""Files in flash that outlive power cuts, faulty edits and flipped bits: the policy's and the settings'."""
