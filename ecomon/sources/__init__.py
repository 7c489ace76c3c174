"""Where octets come from: watched folders, archives in them, sites that are asked."""
