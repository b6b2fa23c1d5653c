"""Host maintenance: a host is emptied by a plan that can be seen first."""
