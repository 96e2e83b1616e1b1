"""The web console. Each page is one file without requests to other hosts. The command line serves
them."""
