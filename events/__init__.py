"""Data contracts of the events that producers send, and events made to their shape."""
