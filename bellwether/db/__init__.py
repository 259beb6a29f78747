"""The database: connections, transactions, migrations, encryption, backup."""
