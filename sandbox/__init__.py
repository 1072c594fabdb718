"""What stands in for the outside world: an Identity Manager over HTTP and a chat workspace. Met on sockets only."""
