"""Looks at pages in a browser as people meet them: what is read, what is in the way, what moves."""
