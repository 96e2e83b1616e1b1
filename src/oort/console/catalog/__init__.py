"""The catalogue of a platform: pages for events and services, as a static site or as Markdown.

`contents` makes the pages, `webpages` and `markdown` format them, `folder` writes them to disk.
"""
