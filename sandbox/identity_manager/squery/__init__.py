"""SQuery: parsed with a grammar, checked against the schema, translated to SQL, answered as nested JSON."""
