"""What the tests in Python share: programs that end with the test, a server, the load generator, clients that speak by hand."""
