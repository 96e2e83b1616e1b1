"""Parts of `oort dev`: the server, the reload and the pages."""
