"""What the tests of several nodes stand on."""
