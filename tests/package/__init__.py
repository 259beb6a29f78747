"""What is shipped, built and looked at: `make package`."""
