"""What an environment costs a month, by its templates and a dated table of prices."""
