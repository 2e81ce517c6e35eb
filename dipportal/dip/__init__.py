"""The only room that knows DIP: client, wire format, push, pull."""
