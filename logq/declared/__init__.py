"""What people declare in files: read, compared with what is there, and made so in one go."""
