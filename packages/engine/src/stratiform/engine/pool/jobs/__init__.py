"""Jobs on primary storage pools."""
