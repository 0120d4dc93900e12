"""Components per cloud behind one set of specs and handles."""
