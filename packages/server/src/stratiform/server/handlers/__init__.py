"""What commands do: thin, each a few lines between the wire and the cloud."""
