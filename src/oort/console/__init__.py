"""The web console. Its pages are one file each and ask nothing of any other host; the command line serves them."""
