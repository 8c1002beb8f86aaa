"""What calls that cost money are made for, in surveys; see :class:`services.ports.model_calls.Attribution`."""

PURPOSE = "surveys"
