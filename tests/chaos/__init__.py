"""Does delivery keep its promises while everything goes wrong? Seeded evenings of kills and faults, checked one by one.

    python -m tests.chaos --runs 500
    python -m tests.chaos --postgres --workers 2 --runs 200

plan       what goes wrong in a run, and when: all of it from its seed
fast       an event loop on which a second lasts a twentieth of one
victim     the process that is killed: the real receiver, timetable and sender
evenings   plays a plan against a victim and the strict local Bot API server
promises   what must hold afterwards, whatever happened

other_channels, target_promises: a mail and an ntfy server, by which some chats hear too, and what must hold there
plan_of_hosts, two_hosts, holders: the same on two hosts with PostgreSQL, and who of them had the lease
"""
