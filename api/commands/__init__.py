"""The commands of `deskline`, a file each; what they do where it is more than a call is in a room of its own."""
