"""Flash images, firmware files and backups."""
