"""The bounds on what strangers send, hold and wait for, before they have said who they are."""
