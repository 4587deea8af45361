"""What step is this conversation on? Pure: state and turn in, state and effects out."""
