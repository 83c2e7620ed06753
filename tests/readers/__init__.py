"""What real feed readers make of the feeds: each subscribes over HTTP, comes again, and sees an edit."""
