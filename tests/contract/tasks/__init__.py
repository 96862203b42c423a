"""What the local Cloud Tasks promises, shown with Google's own client."""
