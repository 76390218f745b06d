"""What several tests share: fakes, accounts, and the verbs through the front door."""
