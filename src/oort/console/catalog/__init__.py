"""The catalogue of a platform: a page for each event and each service, as a static site or as Markdown.

`contents` says what is on the pages, `webpages` and `markdown` write them, `folder` puts them on disk.
"""
