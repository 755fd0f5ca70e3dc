"""What would make a deployment fail, found before it: offline from the templates, online with read-only calls."""
