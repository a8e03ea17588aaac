"""What every fault needs: a server, healthy clients, hostile peers, and a verdict."""
