"""What a user gets: effects, their aggregates, frames, JSON and text."""
