"""What performance claims are measured with: ratios against something measured in the same run."""
