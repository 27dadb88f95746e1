"""The commands of the command line that have more than a few options."""
