"""The ordered steps that bring any older database to the tables of today. Nothing here is ever edited once released."""
