"""The rules of a policy, each a pure function from a PIN and the holder's facts to a reason or nothing."""
