"""What has become of an aggregate: as it was at any point, fact by fact, and who set each field."""
