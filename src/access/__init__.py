"""Who may look at the camera and who may set it: tokens, roles, links, sessions. Pure but for the store."""
