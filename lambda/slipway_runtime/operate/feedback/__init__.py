"""What people said of answers, joined to the requests that made them."""
