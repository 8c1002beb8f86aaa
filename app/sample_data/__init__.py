"""Sample documents and questions for the demonstration tenants."""
