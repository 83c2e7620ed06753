"""What is fast and what is not, measured beside others. Nothing here runs with the tests but the corpus's own."""
