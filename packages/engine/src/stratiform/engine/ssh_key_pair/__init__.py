"""SSH key pairs: public keys that accounts put into their machines; the private ones are nowhere here."""
