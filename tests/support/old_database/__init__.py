"""A small database as some version of the service leaves it, and what a version answers from it.

What is kept in tests/data/old_database/ was made by the version before the code was put on floors, in this way:

    cp -r tests/support/old_database OLD/tests/support/      # OLD: a checkout of that version
    cd OLD && python -m tests.support.old_database FOLDER    # with an environment that has its requirements

FOLDER then holds `plain.zip` and `encrypted.zip` (the database with the note of its ledger's last row) and
`answers.json`: what that very version answers from it. A test asks the code of today the same. Everything goes through
what has the same name in every version: words in a chat, addresses of the API, the tests' own helpers. What has moved
is looked for at both places, see `parts`.

In tests/data/old_database/newest/ is what 0.1.0 made on its last day (commit 4e30a24), in the same way; its encrypted
copy is left out, for the test makes one.
"""
