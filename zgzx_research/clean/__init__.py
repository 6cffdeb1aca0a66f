"""Tables of text into typed, checked, pseudonymised tables; whatever fails is written down with a reason."""
