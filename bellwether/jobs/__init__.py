"""What the timetable runs that is no alert: refresh, record, replay, doctor, heartbeat."""
