"""Surveys: open-ended responses come in, topics and sentiment go out, each with its evidence."""
