"""What an account has set up, derived from its users, teams and services whenever somebody asks."""
