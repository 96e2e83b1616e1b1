"""Parts of `oort deploy` and `oort destroy`."""
