"""Results -> pages, workbooks and statements: octets out, nothing written here."""
