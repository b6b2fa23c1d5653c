"""Virtual machines: their view, and the commands that deploy, list, steer and change them."""
