"""What the detector of injections is measured on."""
