"""`opsgenie-archive show`: an archive as one page that a browser opens from the disk, without any network."""
