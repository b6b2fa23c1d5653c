"""What proves who a user is: key pairs, sealed, and passwords, hashed."""
