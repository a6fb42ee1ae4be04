"""How tickets are kept: tables, encryption, connections and migrations."""
