"""What a change of the templates would do to what is deployed."""
