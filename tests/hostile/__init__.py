"""A server that wishes a crawler ill, and the run that sees whether it comes to harm."""
