"""Listening studies: from a folder of clips to a table that can be defended.

A study is one readable file (`plan.Study`). Its stimuli are prepared and frozen, people rate them in sessions, every
answer is stored the moment it is given, and a report says what the answers support.
"""
