"""What a caller may ask for: every action checks the policy, calls an engine and is audited."""
